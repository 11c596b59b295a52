import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { ExecutionView, NodeExecutionPage } from "#durable-objects/execution/protocol.ts";
import { childExecutionId } from "#durable-objects/execution/effects.ts";
import type { ExecutionObject } from "#durable-objects/execution/execution.ts";
import type { ShownStoredValue } from "#durable-objects/execution/shown-value.ts";
import type { JsonObject } from "#graph/json.ts";
import { runningAgent } from "#test/agent-file.ts";
import { askedPeople } from "#test/workerd/asked-people.ts";
import { createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { inputNode as input, outputNode as output, saveGraph } from "#test/workerd/test-graph.ts";
import type { SavedGraph, TestNode } from "#test/workerd/test-graph.ts";
import { executionStub } from "#worker/env.ts";

const PARSE_JSON = "2b935639-65bc-48fd-9f88-823cd706fcd9";

const KIB = 1024;
/** A text that compresses badly in nobody's way and says where it comes from. */
const large = (name: string, size = 300 * KIB): string => `${name}:`.padEnd(size, "abcdefghij");

let tenant: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
});

const graph = (nodes: TestNode[], ...links: string[]): Promise<SavedGraph> => saveGraph(tenant, nodes, ...links);

const keep = (id: string): TestNode => [id, "store"];
const review = (id: string): TestNode => [id, "review", { name: "ok?" }];

const call = (path: string, body?: object): Promise<Answer<ExecutionView>> =>
  tenant.client.call<ExecutionView>(`${RUNS}${path}`, { method: "POST", ...(body === undefined ? {} : { body }) });

async function start(graph_id: string, inputs: object, more: object = {}): Promise<ExecutionView> {
  const { status, body } = await call("", { graph_id, inputs, wait_seconds: 30, ...more });
  expect([200, 202]).toContain(status);
  return body;
}

async function view(id: string): Promise<ExecutionView> {
  return (await tenant.client.call<ExecutionView>(`${RUNS}/${id}`)).body;
}

function stored(value: unknown): ShownStoredValue {
  const shown = (value as { $value?: ShownStoredValue } | undefined)?.$value;
  if (shown === undefined) {
    throw new Error(`not a stored value: ${JSON.stringify(value)?.slice(0, 200)}`);
  }
  return shown;
}

async function whole(value: unknown): Promise<unknown> {
  const answer = await tenant.client.call<unknown>(stored(value).url);
  expect(answer.status).toBe(200);
  return answer.body;
}

async function keysOf(executionId: string): Promise<string[]> {
  const { objects } = await testEnv.FILES.list({ prefix: `values/${tenant.workspaceId}/${executionId}/` });
  return objects.map(({ key }) => key);
}

/** Characters in the log of a run's object. */
async function logSize(executionId: string): Promise<number> {
  const stub = executionStub(testEnv, executionId) as unknown as DurableObjectStub<ExecutionObject>;
  return runInDurableObject(stub, (_, state) =>
    Number(state.storage.sql.exec("SELECT sum(length(data)) AS n FROM log").one().n),
  );
}

const through = (): Promise<{ id: string }> =>
  graph(
    [input("v"), keep("a"), keep("b"), output("v")],
    "in_v.result a.input",
    "a.output b.input",
    "b.output out_v.value",
  );

describe("a value of 30 MB", () => {
  it("[BV1] [BV2] [BV5] [BV8] [BV10] goes through the nodes of a run, and the log does not grow with it", async () => {
    const text = large("thirty", 30_000_000);
    const run = await start((await through()).id, { v: text });
    expect(run).toMatchObject({ status: "COMPLETED", error: null });
    const { url, sha256, size, type, preview } = stored(run.outputs.v?.[0]);
    expect({ size, type }).toEqual({ size: 30_000_002, type: "string" });
    expect(preview).toBe(JSON.stringify(text).slice(0, 240));
    expect(url).toBe(`${RUNS}/${run.id}/values/${sha256}`);
    const answer = await tenant.client.fetch(url);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect((await answer.json()) === text).toBe(true);
    expect(await keysOf(run.id)).toEqual([`values/${tenant.workspaceId}/${run.id}/${sha256}`]);
    expect(await logSize(run.id)).toBeLessThan(20_000);
    expect(stored(run.inputs.v).sha256).toBe(sha256);
  });
});

describe("what is shown of a run with large values", () => {
  it("[BV10] has a preview and an address in its place, everywhere", async () => {
    const text = large("shown");
    const run = await start((await through()).id, { v: text });
    const { sha256 } = stored(run.outputs.v?.[0]);
    const nodes = await tenant.client.call<NodeExecutionPage>(`${RUNS}/${run.id}/nodes?limit=100`);
    for (const node of nodes.body.items) {
      expect(stored(Object.values(node.input)[0]).sha256).toBe(sha256);
      const detail = await tenant.client.call<{ input: object }>(`${RUNS}/${run.id}/nodes/${node.node_execution_id}`);
      expect(stored(Object.values(detail.body.input)[0]).sha256).toBe(sha256);
    }
    const page = await tenant.client.call<{ items: Record<string, unknown>[] }>(`${RUNS}/${run.id}/events?limit=1000`);
    const shown = page.body.items.filter((event) => "value" in event && event.pin !== "name");
    expect(shown.length).toBeGreaterThanOrEqual(4);
    for (const event of shown) {
      expect(stored(event.value).sha256).toBe(sha256);
    }
    expect(JSON.stringify([run, nodes.body, page.body]).length).toBeLessThan(40_000);
    const stream = await (
      await tenant.client.fetch(`${RUNS}/${run.id}/events`, { headers: { accept: "text/event-stream" } })
    ).text();
    expect(stream).toContain(`"url":"${RUNS}/${run.id}/values/${sha256}"`);
    expect(stream.length).toBeLessThan(40_000);
  });

  it("[BV10] is given to nobody else, and what the run does not have to nobody", async () => {
    const run = await start((await through()).id, { v: large("mine") });
    const { url } = stored(run.outputs.v?.[0]);
    const other = await createTenant();
    expect((await other.client.call(url)).status).toBe(404);
    const elsewhere = await start((await through()).id, { v: large("elsewhere") });
    const foreign = stored(elsewhere.outputs.v?.[0]).sha256;
    for (const sha256 of [foreign, "0".repeat(64), "..", "%2e%2e%2fx"]) {
      expect((await tenant.client.call(`${RUNS}/${run.id}/values/${sha256}`)).status).toBe(404);
    }
  });

  it("is whole in AutoGPT's API", async () => {
    const { id } = await through();
    const text = large("compat");
    const run = await start(id, { v: text });
    const results = await tenant.client.call<{ output: object[] }>(
      `/external-api/v1/graphs/${id}/executions/${run.id}/results`,
    );
    expect(results.body.output).toEqual([{ v: text }]);
  });
});

describe("parts of a large value", () => {
  const parts = { small: 7, none: null, list: [1, { deep: "x" }], big: large("part") };

  it("[BV3] reach the links that select them, large ones stored themselves, missing ones not at all", async () => {
    const { id } = await graph(
      [input("v"), keep("a"), ...["small", "none", "deep", "big", "missing"].map(output)],
      "in_v.result a.input",
      "a.output_#_small out_small.value",
      "a.output_#_none out_none.value",
      "a.output_#_list_$_1_#_deep out_deep.value",
      "a.output_#_big out_big.value",
      "a.output_#_missing out_missing.value",
    );
    const run = await start(id, { v: parts });
    expect(run).toMatchObject({ status: "COMPLETED", outputs: { small: [7], none: [null], deep: ["x"] } });
    expect(run.outputs.missing).toBeUndefined();
    expect(await whole(run.outputs.big?.[0])).toBe(parts.big);
    expect(await whole(run.inputs.v)).toEqual(parts);
  });

  it("[BV2] meet other values in one input, and each is whole there", async () => {
    const { id } = await graph(
      [input("a"), input("b"), ["d", "store"], output("d")],
      "in_a.result d.input_#_a",
      "in_b.result d.input_#_b_#_c",
      "d.output out_d.value",
    );
    const [a, b] = [large("a"), large("b")];
    const run = await start(id, { a, b });
    expect(await whole(run.outputs.d?.[0])).toEqual({ a, b: { c: b } });
  });

  it("[BV11] cannot be written into a stored value at an output node", async () => {
    const { id } = await graph(
      [input("v"), input("k"), keep("w"), output("v")],
      "in_v.result out_v.value",
      "in_k.result w.input",
      "w.output out_v.value_#_k",
    );
    const small = await start(id, { v: { a: 1 }, k: 2 });
    expect(small).toMatchObject({ status: "COMPLETED", outputs: { v: [{ a: 1, k: 2 }] } });
    const run = await start(id, { v: parts, k: 2 });
    expect(run).toMatchObject({ status: "FAILED", error: { code: "value_cannot_be_merged", node_id: "out_v" } });
  });
});

describe("a run with large values that waits", () => {
  const asking = (): Promise<{ id: string; version: number }> =>
    graph(
      [input("v"), keep("a"), review("ask"), keep("b"), output("v")],
      "in_v.result a.input",
      "a.output ask.data",
      "ask.approved_data b.input",
      "b.output out_v.value",
    );

  async function asked(text: string): Promise<{ id: string; reviewId: string }> {
    const { id } = await start((await asking()).id, { v: text }, { wait_seconds: 0 });
    const [{ review_id: reviewId, payload }] = await askedPeople(tenant, id);
    expect(await whole((payload as JsonObject).data)).toBe(text);
    return { id, reviewId };
  }

  async function ended(id: string): Promise<ExecutionView> {
    const stub = executionStub(testEnv, id);
    const outcome = await stub.wait(tenant.workspaceId, 30_000);
    expect(outcome.ok).toBe(true);
    return view(id);
  }

  it("[BV1] [BV2] goes on after its object was evicted, with the value itself", async () => {
    const text = large("evicted");
    const { id, reviewId } = await asked(text);
    await evictDurableObject(executionStub(testEnv, id) as unknown as DurableObjectStub);
    expect((await call(`/${id}/reviews/${reviewId}`, { approved: true })).status).toBe(200);
    const run = await ended(id);
    expect(run.status).toBe("COMPLETED");
    expect(await whole(run.outputs.v?.[0])).toBe(text);
  });

  it("[BV8] takes large data from a person", async () => {
    const { id, reviewId } = await asked(large("question"));
    const data = { edited: large("answer") };
    expect((await call(`/${id}/reviews/${reviewId}`, { approved: true, data })).status).toBe(200);
    const run = await ended(id);
    expect(await whole(run.outputs.v?.[0])).toEqual(data);
    expect(await logSize(id)).toBeLessThan(20_000);
    const nobody = crypto.randomUUID();
    expect((await call(`/${nobody}/reviews/n1`, { approved: true, data })).status).toBe(404);
    expect(await keysOf(nobody)).toEqual([]);
  });

  it("[BV9] leaves nothing behind when it is deleted", async () => {
    const { id } = await asked(large("deleted"));
    expect(await keysOf(id)).toHaveLength(1);
    expect((await tenant.client.fetch(`${RUNS}/${id}`, { method: "DELETE" })).status).toBe(204);
    expect(await keysOf(id)).toEqual([]);
  });
});

describe("runs that take large values over", () => {
  const remove = async (id: string): Promise<void> => {
    expect((await tenant.client.fetch(`${RUNS}/${id}`, { method: "DELETE" })).status).toBe(204);
  };

  it("[BV9] a retry and a fork have their own, also when the run that they came from is deleted", async () => {
    const { id } = await graph(
      [
        input("v"),
        input("n"),
        keep("a"),
        ["div", "calculator", { operation: "Divide", a: 1 }],
        output("v"),
        output("part"),
        output("n"),
      ],
      "in_v.result a.input",
      "a.output out_v.value",
      "a.output_#_part out_part.value",
      "in_n.result div.b",
      "div.result out_n.value",
    );
    const value = { part: large("part"), more: large("more") };
    const failed = await start(id, { v: value, n: 0 });
    expect(failed).toMatchObject({ status: "FAILED", error: { code: "division_by_zero" } });
    const retried = (await call(`/${failed.id}/retry?wait_seconds=30`)).body;
    expect(retried.status).toBe("FAILED");
    const nodes = await tenant.client.call<NodeExecutionPage>(`${RUNS}/${failed.id}/nodes?limit=100`);
    const ne = nodes.body.items.find(({ node_id }) => node_id === "div")?.node_execution_id;
    const forked = (await call(`/${failed.id}/fork?wait_seconds=30`, { node_execution_id: ne, inputs: { b: 2 } })).body;
    expect(forked).toMatchObject({ status: "COMPLETED", outputs: { n: [0.5] } });
    const first = nodes.body.items.find(({ node_id }) => node_id === "a")?.node_execution_id;
    const other = { part: large("other part") };
    const changed = (
      await call(`/${failed.id}/fork?wait_seconds=30`, { node_execution_id: first, inputs: { input: other } })
    ).body;
    await remove(failed.id);
    expect(await keysOf(failed.id)).toEqual([]);
    for (const run of [retried, forked]) {
      expect(await whole(run.inputs.v)).toEqual(value);
      expect(await whole(run.outputs.v?.[0])).toEqual(value);
      expect(await whole(run.outputs.part?.[0])).toBe(value.part);
      expect(stored(run.outputs.v?.[0]).url).toContain(run.id);
    }
    const again = await tenant.client.call<NodeExecutionPage>(`${RUNS}/${forked.id}/nodes?limit=100`);
    expect(again.body.items.find(({ node_id }) => node_id === "a")?.reused).toBe("memo");
    expect(await whole(changed.outputs.v?.[0])).toEqual(other);
    expect(await whole(changed.outputs.part?.[0])).toBe(other.part);
  });

  it("[BV9] [BV3] a sub-agent gets its inputs and gives its outputs, parts and all", async () => {
    const child = await graph(
      [input("v"), ["each", "steps"], output("item")],
      "in_v.result each.items",
      "each.item out_item.value",
    );
    const { id } = await graph(
      [input("v"), ["agent", ...runningAgent(child, { takes: "v", gives: "item" })], output("item"), output("name")],
      "in_v.result agent.v",
      "agent.item out_item.value",
      "agent.item_#_name out_name.value",
    );
    const items = [{ name: "one", text: large("one") }, { name: "two" }, { name: large("name"), text: 3 }];
    const run = await start(id, { v: items });
    expect(run).toMatchObject({ status: "COMPLETED", error: null });
    const nodes = await tenant.client.call<NodeExecutionPage>(`${RUNS}/${run.id}/nodes?limit=100`);
    const ne = nodes.body.items.find(({ node_id }) => node_id === "agent")?.node_execution_id ?? "";
    const childId = childExecutionId(run.id, ne);
    expect(stored((await view(childId)).inputs.v).url).toContain(childId);
    await remove(childId);
    expect(await keysOf(childId)).toEqual([]);
    const { item: [first, second, third] = [], name: [a, b, c] = [] } = run.outputs;
    expect([await whole(first), second, await whole(third)]).toEqual(items);
    expect([a, b, await whole(c)]).toEqual(items.map(({ name }) => name));
    expect(stored(first).url).toContain(run.id);
  });
});

describe("parts of agents and pinned outputs", () => {
  it("[BV8] [BV2] a node that is run alone gets large pins, and pinned outputs may be large", async () => {
    const { id } = await through();
    const alone = await start(id, { input: large("alone") }, { only_node_id: "a" });
    expect(alone.status).toBe("COMPLETED");
    const nodes = await tenant.client.call<NodeExecutionPage>(`${RUNS}/${alone.id}/nodes`);
    expect(await whole(nodes.body.items[0]?.output.output?.[0])).toBe(large("alone"));
    const pinned = await start(id, { v: "small" }, { pinned: { a: { output: [large("pinned")] } } });
    expect(await whole(pinned.outputs.v?.[0])).toBe(large("pinned"));
    expect(await logSize(alone.id)).toBeLessThan(20_000);
    expect(await logSize(pinned.id)).toBeLessThan(20_000);
  });
});

describe("what is refused", () => {
  it("[BV4] a body with the key of markers; a value that has it and comes from a block is a value", async () => {
    const { id } = await through();
    const forged = { "\u0000value": { sha256: "0".repeat(64), size: 1, type: "null", preview: "" } };
    const { status, body } = await call("", { graph_id: id, inputs: { v: forged } });
    expect([status, body]).toMatchObject([400, { error: { code: "invalid_name" } }]);
    const decoder = await graph(
      [input("text"), ["decode", PARSE_JSON], keep("a"), output("v")],
      "in_text.result decode.json_str",
      "decode.data a.input",
      "a.output out_v.value",
    );
    const run = await start(decoder.id, { text: JSON.stringify({ deep: [forged] }) });
    expect(run).toMatchObject({ status: "COMPLETED", error: null });
    expect(await whole(run.outputs.v?.[0])).toEqual({ deep: [forged] });
  });

  it("[BV8] a body of more than 32 MiB", async () => {
    const { id } = await through();
    const { status, body } = await call("", { graph_id: id, inputs: { v: "x".repeat(33 * KIB * KIB) } });
    expect([status, body]).toMatchObject([413, { error: { code: "body_too_large" } }]);
  });
});

describe("a block that takes a large value apart", () => {
  it("[BV13] gives all of its outputs, in order, and not all of them through the log", async () => {
    const { id } = await graph(
      [input("v"), ["each", "steps"], output("item")],
      "in_v.result each.items",
      "each.item out_item.value",
    );
    const items = Array.from({ length: 240 }, (_, index) => large(String(index), 100 * KIB));
    const run = await start(id, { v: items });
    expect(run).toMatchObject({ status: "COMPLETED", error: null });
    const outputs = run.outputs.item ?? [];
    const texts = await Promise.all(outputs.map(async (value) => (typeof value === "string" ? value : whole(value))));
    expect(texts.length === items.length && texts.every((text, index) => text === items[index])).toBe(true);
    expect(await logSize(run.id)).toBeLessThan(20_000_000);
  });
});
