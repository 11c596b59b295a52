import WebSocket from "ws";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { agentFile } from "#test/agent-file.ts";
import type { BenchServer } from "../bench-server.ts";
import { treeUsage } from "../process-tree.ts";
import { rounded, summarise } from "../statistics.ts";

const STEPS = 20;
const STEP_SECONDS = 0.25;

interface Subscriber {
  /** ms from each event's time to its arrival. */
  delays: number[];
  /** Sequence numbers in order of arrival. */
  seqs: number[];
  closed: Promise<void>;
}

/**
 * Subscribers of one run that goes on for some seconds. The delay is from the time in the event, which the object writes, to its arrival here:
 * one clock, whole milliseconds. Every subscriber must get every event once and in order.
 */
export async function subscribers(bench: BenchServer, sizes: readonly number[]): Promise<Record<string, unknown>[]> {
  const graphId = await bench.importFile(steps());
  const rows: Record<string, unknown>[] = [];
  for (const size of sizes) {
    const { id } = await bench.server.client.startExecution({ graph_id: graphId, inputs: { word: "go" } });
    const cpuBefore = treeUsage(bench.server.pid).cpuMs;
    const opened = await Promise.all(Array.from({ length: size }, () => subscribe(bench, id)));
    await Promise.all(opened.map(({ closed }) => closed));
    const { last_seq: lastSeq } = (await bench.server.client.execution(id)) as unknown as { last_seq: number };
    const wrong = opened.filter(
      ({ seqs }) => seqs.length !== lastSeq || seqs.some((seq, index) => seq !== index + 1),
    ).length;
    const { n, p50, p99, max } = summarise(opened.flatMap(({ delays }) => delays));
    rows.push({
      subscribers: size,
      events: lastSeq,
      delays: n,
      p50_ms: p50,
      p99_ms: p99,
      max_ms: max,
      cpu_ms: treeUsage(bench.server.pid).cpuMs - cpuBefore,
      rss_mib: rounded(treeUsage(bench.server.pid).rssMiB, 0),
      wrong,
    });
  }
  return rows;
}

/** A chain of short waits, so that events come in many batches over several seconds. */
function steps() {
  const waits = Array.from({ length: STEPS }, (_, index) => `wait-${index + 1}`);
  return agentFile("growth-steps", `${STEPS} waits of ${STEP_SECONDS} s one after the other.`, {
    nodes: {
      word: ["input", { name: "word" }],
      ...Object.fromEntries(waits.map((wait) => [wait, ["timer", { seconds: STEP_SECONDS }] as const])),
      out: ["output", { name: "word" }],
    },
    links: [
      ["word.result", "wait-1.input_message"],
      ...waits
        .slice(1)
        .map((wait, index): [`${string}.${string}`, `${string}.${string}`] => [
          `${waits[index] ?? ""}.output_message`,
          `${wait}.input_message`,
        ]),
      [`wait-${STEPS}.output_message`, "out.value"],
    ],
  });
}

function subscribe({ server }: BenchServer, executionId: string): Promise<Subscriber> {
  const url = new URL(`/api/v1/executions/${executionId}/live?after=0`, server.url);
  url.protocol = "ws:";
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${server.apiKey}` } });
  const delays: number[] = [];
  const seqs: number[] = [];
  let openedAt = Number.POSITIVE_INFINITY;
  socket.on("message", (data) => {
    const { seq, at } = JSON.parse(String(data)) as ExecutionEvent;
    seqs.push(seq);
    // What came before this socket was open says nothing of the delay.
    if (Date.parse(at) > openedAt) {
      delays.push(Date.now() - Date.parse(at));
    }
  });
  const closed = new Promise<void>((done) => socket.once("close", () => done()));
  return new Promise((done, fail) => {
    socket.once("open", () => {
      openedAt = Date.now();
      done({ delays, seqs, closed });
    });
    socket.once("error", fail);
  });
}
