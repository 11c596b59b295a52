import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "#graph/json.ts";
import { agentFile } from "../agent-file.ts";
import { runEnded } from "./check-run.ts";
import { startServer, type TestServer } from "./server.ts";

describe("a server that is busy, asked by the real runtime over real connections", () => {
  let server: TestServer;
  let busy: Server;
  /** Times at which each path was asked for. */
  const asked = new Map<string, number[]>();
  /** The key that came with each request, by path. */
  const keys = new Map<string, (string | string[] | undefined)[]>();
  beforeAll(async () => {
    // `/<n>/…` is busy the first n times.
    busy = createServer((request, response) => {
      const path = request.url ?? "";
      const times = asked.get(path) ?? [];
      asked.set(path, [...times, Date.now()]);
      keys.set(path, [...(keys.get(path) ?? []), request.headers["idempotency-key"]]);
      const status = times.length < Number(path.split("/")[1]) ? 503 : 200;
      response.writeHead(status, { "content-type": "text/plain", ...(status === 503 ? { "retry-after": "2" } : {}) });
      response.end(status === 503 ? "busy" : "fine");
    });
    await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
    server = await startServer({ env: { WEFT_EGRESS_ALLOW: host() } });
  });
  afterAll(async () => {
    await server.stop();
    busy.closeAllConnections();
    await new Promise((resolve) => busy.close(resolve));
  });

  const host = (): string => `127.0.0.1:${(busy.address() as AddressInfo).port}`;

  /** One run that asks for each of the paths. */
  async function startAsking(method: string, paths: string[], weft: JsonObject): Promise<string> {
    const file = agentFile("Ask", "", {
      nodes: {
        in: ["input", { name: "urls" }],
        each: ["steps"],
        ask: ["webRequest", { method }, weft],
        fine: ["output", { name: "fine" }],
        busy: ["output", { name: "busy" }],
      },
      links: [
        ["in.result", "each.items"],
        ["each.item", "ask.url"],
        ["ask.response", "fine.value"],
        ["ask.server_error", "busy.value"],
      ],
    });
    const { id: graph_id } = await server.client.importGraph(file);
    const urls = paths.map((path) => `http://${host()}${path}`);
    const { id } = await server.client.startExecution({ graph_id, inputs: { urls } });
    return id;
  }

  async function outcomeOf(id: string): Promise<string> {
    const { status, outputs } = await runEnded(server.client, id);
    return `${status} ${JSON.stringify(outputs)}`;
  }

  async function ask(method: string, path: string, weft: JsonObject): Promise<string> {
    return outcomeOf(await startAsking(method, [path], weft));
  }

  it("[RT1] is asked again when it says, while the policy has attempts left, and its last answer is the result", async () => {
    const retry = { max_attempts: 3, backoff_ms: 1, max_backoff_ms: 1 };
    const outcomes = await Promise.all([
      ask("GET", "/2/get", { retry }),
      ask("POST", "/2/post", { retry }),
      ask("GET", "/9/get", { retry }),
      ask("POST", "/9/other-codes", { retry: { ...retry, on: ["egress_network"] } }),
      ask("POST", "/9/no-policy", {}),
    ]);
    expect(outcomes).toEqual([
      'COMPLETED {"fine":["fine"]}',
      'COMPLETED {"fine":["fine"]}',
      'COMPLETED {"busy":["busy"]}',
      'COMPLETED {"busy":["busy"]}',
      'COMPLETED {"busy":["busy"]}',
    ]);
    const counts = ["/2/get", "/2/post", "/9/get", "/9/other-codes", "/9/no-policy"].map(
      (path) => asked.get(path)?.length,
    );
    expect(counts).toEqual([3, 3, 3, 1, 1]);
    const [first = 0, second = 0, third = 0] = asked.get("/2/get") ?? [];
    expect(Math.min(second - first, third - second)).toBeGreaterThanOrEqual(2_000);
  });

  it("[LS9] is sent the same key in every attempt, over a restart too, and another one for every other request", async () => {
    // An attempt that the restart interrupts is lost, and may be repeated.
    const retry = { max_attempts: 3, backoff_ms: 1, max_backoff_ms: 1, on: ["http_busy", "outcome_unknown"] };
    const paths = ["/1/first", "/1/second"];
    const id = await startAsking("POST", paths, { retry });
    let refused = 0;
    for await (const { type } of server.client.follow(id, 0, AbortSignal.timeout(60_000))) {
      refused += type === "node_retrying" ? 1 : 0;
      if (refused === paths.length) break;
    }
    const restartedAt = Date.now();
    await server.restart();
    expect(await outcomeOf(id)).toBe('COMPLETED {"fine":["fine","fine"]}');
    for (const path of paths) expect(asked.get(path)?.at(-1), path).toBeGreaterThan(restartedAt);
    const sent = paths.map((path) => keys.get(path) ?? []);
    for (const ofOne of sent) {
      expect(ofOne.length).toBeGreaterThanOrEqual(2);
      expect(new Set(ofOne)).toEqual(new Set([expect.stringMatching(/./)]));
    }
    expect(new Set(sent.flat()).size).toBe(2);
  });
});
