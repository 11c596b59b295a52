import { afterAll, beforeAll, describe, it } from "vitest";
import { testAgents } from "./agents.ts";
import { checkRun, runEnded } from "./check-run.ts";
import { startServer, type TestServer } from "./server.ts";

describe("agents on the served platform", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  for (const agent of testAgents) {
    it(`${agent.name} comes to its outputs`, async () => {
      const { client } = server;
      const graph = await client.importGraph(agent.file);
      const { id } = await client.startExecution({ graph_id: graph.id, inputs: agent.inputs(7) });
      await runEnded(client, id);
      await checkRun(client, id, { agent, run: 7 });
    });
  }
});
