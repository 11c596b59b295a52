import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer, type TestServer } from "./server.ts";

const INPUT = "c0a8e994-ebf1-4a9c-a4d8-89d09c86741b";
const OUTPUT = "363ae599-353e-4804-937e-b2ee3cef3da4";
const WEB = "6595ae1f-b924-42cb-9a41-551a0611c4b4";

describe("a server that is busy, asked by the real runtime over real connections", () => {
  let server: TestServer;
  let busy: Server;
  /** Times at which each path was asked for. */
  const asked = new Map<string, number[]>();
  beforeAll(async () => {
    // `/<n>/…` is busy the first n times.
    busy = createServer((request, response) => {
      const path = request.url ?? "";
      const times = asked.get(path) ?? [];
      asked.set(path, [...times, Date.now()]);
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

  async function ask(method: string, path: string, weft: object): Promise<string> {
    const node = (id: string, block_id: string, input_default: object, more: object = {}): object => ({
      id,
      block_id,
      input_default,
      metadata: { position: { x: 0, y: 0 }, weft: more },
    });
    const link = (id: string, source: [string, string], sink: [string, string]): object => ({
      id,
      source_id: source[0],
      source_name: source[1],
      sink_id: sink[0],
      sink_name: sink[1],
      is_static: false,
    });
    const { id: graph_id } = await server.client.importGraph({
      name: "Ask",
      description: "",
      nodes: [
        node("in", INPUT, { name: "url" }),
        node("ask", WEB, { method }, weft),
        node("fine", OUTPUT, { name: "fine" }),
        node("busy", OUTPUT, { name: "busy" }),
      ],
      links: [
        link("1", ["in", "result"], ["ask", "url"]),
        link("2", ["ask", "response"], ["fine", "value"]),
        link("3", ["ask", "server_error"], ["busy", "value"]),
      ],
    });
    const { id } = await server.client.startExecution({ graph_id, inputs: { url: `http://${host()}${path}` } });
    for await (const event of server.client.follow(id, 0, AbortSignal.timeout(60_000))) void event;
    const { status, outputs } = await server.client.execution(id);
    return `${status} ${JSON.stringify(outputs)}`;
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
});
