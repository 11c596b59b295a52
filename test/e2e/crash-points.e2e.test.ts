import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WeftClient } from "#cli/client.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { steps } from "./agents.ts";
import { checkRun } from "./check-run.ts";
import { startServer, type TestServer } from "./server.ts";

const LONGEST_RECOVERY_MS = 60_000;

describe("SIGKILL of the serving process at every commit of a run", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ env: { WEFT_LEASE_MS: "1500" } });
  });
  afterAll(() => server.stop());

  it("changes nothing that the run comes to, and repeats no result", async () => {
    const { id: graph } = await server.client.importGraph(steps.file);
    const undisturbed = await start(server.client, graph, 0);
    const points = commitPoints(await Array.fromAsync(server.client.follow(undisturbed, 0, limit())));
    await checkRun(server.client, undisturbed, { agent: steps, run: 0 });
    expect(points.length).toBeGreaterThan(4);

    const runs: string[] = [];
    for (const [index, seq] of points.entries()) {
      const id = await start(server.client, graph, index + 1);
      runs.push(id);
      await seen(server.client, id, seq);
      await server.kill("SIGKILL");
      await server.restart();
    }

    let repeated = 0;
    for (const [index, id] of runs.entries()) {
      for await (const event of server.client.follow(id, 0, limit())) {
        repeated += event.type === "node_started" && event.attempt > 1 ? 1 : 0;
      }
      await checkRun(server.client, id, { agent: steps, run: index + 1 });
    }
    console.log(`killed after the events ${points.join(", ")}; ${repeated} attempts lost and repeated`);
    // Otherwise the kills have hit nothing, and the test has shown nothing.
    expect(repeated).toBeGreaterThan(0);
  }, 120_000);
});

/** The last event of each commit but the one that ends the run: the events of a commit have one time. */
function commitPoints(events: ExecutionEvent[]): number[] {
  return events.flatMap(({ seq, at }, index) => {
    const next = events[index + 1];
    return next !== undefined && next.at !== at ? [seq] : [];
  });
}

async function start(client: WeftClient, graph_id: string, run: number): Promise<string> {
  return (await client.startExecution({ graph_id, inputs: steps.inputs(run) })).id;
}

/** Resolves as soon as the live view has shown the event. */
async function seen(client: WeftClient, id: string, seq: number): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, limit()]);
  for await (const event of client.follow(id, 0, signal)) {
    if (event.seq >= seq) {
      stop.abort();
      return;
    }
  }
  throw new Error(`The event ${seq} of the run ${id} was not seen.`);
}

function limit(): AbortSignal {
  return AbortSignal.timeout(LONGEST_RECOVERY_MS);
}
