import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "#graph/json.ts";
import { agentFile } from "../agent-file.ts";
import type { Shape, ShapeNode } from "../agent-file.ts";
import { HoldingServer } from "./holding-server.ts";
import { startServer, type TestServer } from "./server.ts";

const CALLS = 8;

/** Makes its calls side by side: GET, but for the first. */
function agent(host: string, run: string, first: "GET" | "POST" = "POST"): JsonObject {
  const calls = Array.from({ length: CALLS }, (_, index): [string, ShapeNode] => [
    `call${index}`,
    ["webRequest", { method: index === 0 ? first : "GET", url: `http://${host}/${run}/${index}` }],
  ]);
  return agentFile(`Calls ${run}`, "", {
    nodes: {
      word: ["input", { name: "word" }],
      ...Object.fromEntries(
        calls.flatMap(([id, call]): [string, ShapeNode][] => [
          [id, call],
          [`${id}-out`, ["output", { name: id }]],
        ]),
      ),
    },
    links: calls.flatMap(([id]): Shape["links"] => [
      ["word.result", `${id}.headers_#_x-word`],
      [`${id}.response`, `${id}-out.value`],
    ]),
  });
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
    const { id } = await server.client.importGraph(agent(remote.host, "all"));
    const answering = post(id, 30);
    await remote.calls("all", CALLS);
    remote.letGo("all");
    const run = (await (await answering).json()) as { id: string; status: string; outputs: object };
    expect(run).toMatchObject({ status: "COMPLETED", outputs: { call0: ["ok"], call7: ["ok"] } });
    const listed = await Array.fromAsync(server.client.executions({ graph_id: id }));
    expect(listed.map((item) => [item.id, item.status])).toEqual([[run.id, "COMPLETED"]]);
    expect(remote.of("all")).toHaveLength(CALLS);
  }, 60_000);

  it("[ST7] is in the list when the answer is there, if it only reads", async () => {
    const { id } = await server.client.importGraph(agent(remote.host, "read", "GET"));
    const answering = post(id, 30);
    await remote.calls("read", CALLS);
    expect(await Array.fromAsync(server.client.executions({ graph_id: id }))).toEqual([]);
    remote.letGo("read");
    const run = (await (await answering).json()) as { id: string; status: string };
    expect(run.status).toBe("COMPLETED");
    const listed = await Array.fromAsync(server.client.executions({ graph_id: id }));
    expect(listed.map((item) => [item.id, item.status])).toEqual([[run.id, "COMPLETED"]]);
    expect(await ended(run.id)).toEqual({ status: "COMPLETED", code: undefined, attempts: CALLS });
    expect(remote.of("read")).toHaveLength(CALLS);
  }, 60_000);

  it("[ST7] leaves nothing when it only reads and the process is killed at once, and is like every other after a while", async () => {
    const { id: young } = await server.client.importGraph(agent(remote.host, "young", "GET"));
    const { id: old } = await server.client.importGraph(agent(remote.host, "old", "GET"));
    const asking = [post(old, 30).catch(() => "killed")];
    await remote.calls("old", CALLS);
    const known = await runOf(old);
    asking.push(post(young, 30).catch(() => "killed"));
    await remote.calls("young", CALLS);
    await server.kill("SIGKILL");
    expect(await Promise.all(asking)).toEqual(["killed", "killed"]);
    remote.letGo("old");
    remote.letGo("young");
    await server.restart();
    expect(await ended(known)).toEqual({ status: "COMPLETED", code: undefined, attempts: 2 * CALLS });
    expect(await Array.fromAsync(server.client.executions({ graph_id: young }))).toEqual([]);
    expect(remote.of("young")).toHaveLength(CALLS);
  }, 90_000);

  it.each(["GET", "POST"] as const)(
    "[ST5] [ST7] goes on when its caller hangs up, or is answered before the end (%s)",
    async (first) => {
      const [leftName, lateName] = [`left-${first}`, `late-${first}`];
      const { id: left } = await server.client.importGraph(agent(remote.host, leftName, first));
      const hangUp = new AbortController();
      const asking = post(left, 30, hangUp.signal).catch(() => "hung up");
      await remote.calls(leftName, CALLS);
      hangUp.abort();
      expect(await asking).toBe("hung up");
      const { id: late } = await server.client.importGraph(agent(remote.host, lateName, first));
      const response = await post(late, 1);
      expect(response.status).toBe(202);
      remote.letGo(leftName);
      remote.letGo(lateName);
      for (const [graph, name] of [
        [left, leftName],
        [late, lateName],
      ] as const) {
        expect(await ended(await runOf(graph))).toEqual({ status: "COMPLETED", code: undefined, attempts: CALLS });
        expect(remote.of(name)).toHaveLength(CALLS);
      }
    },
    60_000,
  );

  it("[ST5] [LS4] [LS5] comes to its end when the process is killed in the middle: what may be repeated is, what may not is not", async () => {
    const { id } = await server.client.importGraph(agent(remote.host, "killed"));
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
