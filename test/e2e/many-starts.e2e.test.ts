import { afterAll, beforeAll, expect, it } from "vitest";
import { waiting } from "./agents.ts";
import { checkRun } from "./check-run.ts";
import { startServer, type TestServer } from "./server.ts";

/** Far more than are worked on side by side, and each stays in line while nothing of it is under way. */
const STARTS = 200;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

it("answers each of many starts that come at once with its run, which has ended", async () => {
  const { id: graph_id } = await server.client.importGraph(waiting.file);
  const runs = await Promise.all(
    Array.from({ length: STARTS }, (_, run) =>
      server.client.startExecution({ graph_id, inputs: waiting.inputs(run), wait_seconds: 60 }),
    ),
  );
  expect(runs.filter(({ status }) => status !== "COMPLETED")).toEqual([]);
  expect(new Set(runs.map(({ id }) => id)).size).toBe(STARTS);
  for (const [run, { id }] of runs.entries()) {
    if (run % 20 === 0) await checkRun(server.client, id, { agent: waiting, run });
  }
});
