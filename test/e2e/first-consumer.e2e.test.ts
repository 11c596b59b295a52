import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer, type TestServer } from "./server.ts";

const INPUT = "c0a8e994-ebf1-4a9c-a4d8-89d09c86741b";
const OUTPUT = "363ae599-353e-4804-937e-b2ee3cef3da4";
const WEB = "6595ae1f-b924-42cb-9a41-551a0611c4b4";
const CALLS = 8;

/** Answers a path only once it was let go. */
class HoldingServer {
  readonly #held = new Map<string, ServerResponse[]>();
  readonly #open = new Set<string>();
  /** `GET /a/3`, as they came. */
  readonly seen: string[] = [];
  readonly #server = createServer((request, response) => this.#take(request, response));
  #arrived: () => void = () => undefined;
  host = "";

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when so many calls of a run are there. */
  async calls(run: string, count: number): Promise<void> {
    while (this.of(run).length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  of(run: string): string[] {
    return this.seen.filter((call) => call.includes(`/${run}/`));
  }

  letGo(run: string): void {
    this.#open.add(run);
    for (const response of this.#held.get(run) ?? []) {
      answer(response);
    }
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #take({ method, url = "" }: IncomingMessage, response: ServerResponse): void {
    const run = url.split("/")[1] ?? "";
    this.seen.push(`${method} ${url}`);
    this.#arrived();
    if (this.#open.has(run)) {
      answer(response);
    } else {
      this.#held.set(run, [...(this.#held.get(run) ?? []), response]);
    }
  }
}

function answer(response: ServerResponse): void {
  response.setHeader("content-type", "application/json").end('"ok"');
}

/** An input that says where to call, and calls side by side: GET, and one POST when asked for. */
function agent(host: string, run: string, { post }: { post: boolean }): object {
  const node = (id: string, block_id: string, input_default: object): object => ({
    id,
    block_id,
    input_default,
    metadata: { position: { x: 0, y: 0 } },
  });
  const calls = Array.from({ length: CALLS }, (_, index) => {
    const method = post && index === 0 ? "POST" : "GET";
    return [`call${index}`, { method, url: `http://${host}/${run}/${index}` }] as const;
  });
  return {
    name: `Calls ${run}`,
    nodes: [
      node("word", INPUT, { name: "word" }),
      ...calls.flatMap(([id, input]) => [node(id, WEB, input), node(`${id}-out`, OUTPUT, { name: id })]),
    ],
    links: calls.flatMap(([id]) => [
      { id: `${id}-1`, source_id: "word", source_name: "result", sink_id: id, sink_name: "headers_#_x-word" },
      { id: `${id}-2`, source_id: id, source_name: "response", sink_id: `${id}-out`, sink_name: "value" },
    ]),
  };
}

describe("a run whose Worker makes its first calls to the outside", () => {
  const remote = new HoldingServer();
  let server: TestServer;
  beforeAll(async () => {
    await remote.start();
    server = await startServer({ env: { WEFT_EGRESS_ALLOW: remote.host, WEFT_LEASE_MS: "1500" } });
  });
  afterAll(async () => {
    await server.stop();
    remote.stop();
  });

  function post(graphId: string, waitSeconds: number, signal?: AbortSignal): Promise<Response> {
    return fetch(`${server.url}/api/v1/executions`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": server.apiKey },
      body: JSON.stringify({ graph_id: graphId, inputs: { word: "w" }, wait_seconds: waitSeconds }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async function runOf(graphId: string): Promise<string> {
    for (;;) {
      for await (const { id } of server.client.executions({ graph_id: graphId })) {
        return id;
      }
    }
  }

  async function ended(id: string): Promise<{ status: string; code: string | undefined; attempts: number }> {
    let attempts = 0;
    for await (const event of server.client.follow(id, 0, AbortSignal.timeout(60_000))) {
      attempts += event.type === "node_started" && event.node_id.match(/^call\d+$/) !== null ? 1 : 0;
    }
    const { status, error } = await server.client.execution(id);
    return { status, code: error?.code, attempts };
  }

  it("[ST5] [ST6] makes all of them at once, and is in the list when the answer is there", async () => {
    const { id } = await server.client.importGraph(agent(remote.host, "all", { post: true }));
    const answering = post(id, 30);
    await remote.calls("all", CALLS);
    remote.letGo("all");
    const run = (await (await answering).json()) as { id: string; status: string; outputs: object };
    expect(run).toMatchObject({ status: "COMPLETED", outputs: { call0: ["ok"], call7: ["ok"] } });
    const listed = await Array.fromAsync(server.client.executions({ graph_id: id }));
    expect(listed.map((item) => [item.id, item.status])).toEqual([[run.id, "COMPLETED"]]);
    expect(remote.of("all")).toHaveLength(CALLS);
  }, 60_000);

  it("[ST5] goes on when its caller hangs up, or is answered before the end", async () => {
    const { id: left } = await server.client.importGraph(agent(remote.host, "left", { post: true }));
    const hangUp = new AbortController();
    const asking = post(left, 30, hangUp.signal).catch(() => "hung up");
    await remote.calls("left", CALLS);
    hangUp.abort();
    expect(await asking).toBe("hung up");
    const { id: late } = await server.client.importGraph(agent(remote.host, "late", { post: true }));
    const response = await post(late, 1);
    expect(response.status).toBe(202);
    remote.letGo("left");
    remote.letGo("late");
    for (const [graph, name] of [
      [left, "left"],
      [late, "late"],
    ] as const) {
      expect(await ended(await runOf(graph))).toEqual({ status: "COMPLETED", code: undefined, attempts: CALLS });
      expect(remote.of(name)).toHaveLength(CALLS);
    }
  }, 60_000);

  it("[ST5] [LS4] [LS5] comes to its end when the process is killed in the middle: what may be repeated is, what may not is not", async () => {
    const { id } = await server.client.importGraph(agent(remote.host, "killed", { post: true }));
    const asking = post(id, 30).catch(() => "killed");
    await remote.calls("killed", CALLS);
    await server.kill("SIGKILL");
    expect(await asking).toBe("killed");
    remote.letGo("killed");
    await server.restart();
    const { status, code, attempts } = await ended(await runOf(id));
    expect({ status, code }).toEqual({ status: "FAILED", code: "outcome_unknown" });
    expect(attempts).toBe(2 * CALLS - 1);
    expect(remote.of("killed").filter((call) => call.startsWith("POST"))).toHaveLength(1);
    expect(remote.of("killed").filter((call) => call.startsWith("GET"))).toHaveLength(2 * (CALLS - 1));
  }, 90_000);
});
