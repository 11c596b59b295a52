import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentFile } from "../agent-file.ts";
import { BadServer } from "../unit/bad-server.testkit.ts";
import { runEnded } from "./check-run.ts";
import { startServer, type TestServer } from "./server.ts";

/** Shorter than the limit of a request, so that this test ends soon. */
const NODE_TIMEOUT_MS = 3_000;

describe("servers that misbehave, asked by the real runtime over real connections", () => {
  let server: TestServer;
  let bad: BadServer;
  let graph = "";
  beforeAll(async () => {
    bad = await BadServer.start();
    server = await startServer({ env: { WEFT_EGRESS_ALLOW: bad.host } });
    const file = agentFile("Ask", "", {
      nodes: {
        in: ["input", { name: "url" }],
        ask: ["webRequest", { method: "GET" }, { timeout_ms: NODE_TIMEOUT_MS }],
        out: ["output", { name: "answer" }],
      },
      links: [
        ["in.result", "ask.url"],
        ["ask.response", "out.value"],
      ],
    });
    graph = (await server.client.importGraph(file)).id;
  });
  afterAll(async () => {
    await server.stop();
    await bad.stop();
  });

  async function ask(path: string): Promise<string> {
    const inputs = { url: `http://${bad.host}${path}` };
    const { id } = await server.client.startExecution({ graph_id: graph, inputs });
    const { status, error, outputs } = await runEnded(server.client, id, 30_000);
    return `${status} ${error?.code ?? JSON.stringify(outputs)}`;
  }

  it("[BI1] [BI9] each fail their request with a code, side by side, and the server goes on", async () => {
    const expected: Record<string, string[]> = {
      "/never": ["node_timeout"],
      "/half-a-head": ["node_timeout"],
      "/drip": ["node_timeout"],
      "/endless": ["egress_too_large"],
      "/endless-chunks": ["egress_too_large"],
      "/announces-more": ["egress_network"],
      "/announces-a-terabyte": ["egress_too_large"],
      "/announces-nonsense": ["egress_network"],
      "/announces-twice": ["egress_network"],
      "/hangs-up": ["egress_network"],
      "/no-http": ["egress_network"],
      "/broken-chunks": ["egress_network"],
    };
    const paths = Object.keys(expected);
    const outcomes = await Promise.all(paths.map(ask));
    for (const [index, path] of paths.entries()) {
      expect(
        (expected[path] ?? []).map((code) => `FAILED ${code}`),
        path,
      ).toContain(outcomes[index]);
    }
    expect(await ask("/well")).toBe('COMPLETED {"answer":["ok"]}');
  }, 60_000);
});
