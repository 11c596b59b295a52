import type { BenchServer } from "../bench-server.ts";
import { treeUsage } from "../process-tree.ts";
import { rounded, summarise } from "../statistics.ts";
import { countingLoop } from "./nodes.ts";

const PAGES = 20;
const PAGE = 200;

/** Reading a run back while its log grows: the run as it stands, and pages of events at its start, middle and end. */
export async function logLength(bench: BenchServer, sizes: readonly number[]): Promise<Record<string, unknown>[]> {
  const client = bench.client(1);
  const rows: Record<string, unknown>[] = [];
  for (const size of sizes) {
    // A turn of the counting loop logs about eight events.
    const turns = Math.max(1, Math.round(size / 8));
    const target = {
      graphId: await bench.importFile(countingLoop(turns)),
      inputs: { start: 0 },
      outputs: { reached: [turns] },
    };
    const answer = await client.run(target);
    if (!answer.ok) {
      throw new Error(`${size} events: ${answer.why}`);
    }
    const read = (path: string) => timed(bench, `/api/v1/executions/${answer.executionId}${path}`);
    const view = await times(10, () => read(""));
    const { last_seq: events } = view.body as { last_seq: number };
    const pages = await times(PAGES, (index) =>
      read(`/events?limit=${PAGE}&after=${Math.floor((events * index) / PAGES)}`),
    );
    const nodes = await times(3, () => read("/nodes?limit=100"));
    rows.push({
      events,
      view_p50_ms: view.p50,
      event_page_p50_ms: pages.p50,
      event_page_max_ms: pages.max,
      node_page_p50_ms: nodes.p50,
      rss_mib: rounded(treeUsage(bench.server.pid).rssMiB, 0),
    });
  }
  client.reset();
  return rows;
}

async function times(count: number, read: (index: number) => Promise<{ ms: number; body: unknown }>) {
  const ms: number[] = [];
  let body: unknown = null;
  for (let index = 0; index < count; index += 1) {
    const answer = await read(index);
    ms.push(answer.ms);
    body = answer.body;
  }
  return { ...summarise(ms), body };
}

async function timed({ server }: BenchServer, path: string): Promise<{ ms: number; body: unknown }> {
  const began = performance.now();
  const response = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${server.apiKey}` } });
  const body: unknown = await response.json();
  if (!response.ok) {
    throw new Error(`${path}: HTTP ${response.status} ${JSON.stringify(body).slice(0, 200)}`);
  }
  return { ms: performance.now() - began, body };
}
