import { beforeAll, describe, expect, it } from "vitest";
import { createTenant } from "#test/workerd/api-client.ts";
import { inputNode as input, outputNode as output } from "#test/workerd/test-graph.ts";
import { calculate, rerunApi } from "./reruns.testkit.ts";
import type { RerunApi } from "./reruns.testkit.ts";

const NOW = "716a67b3-6760-42e7-86dc-18645c6e00fc";

let api: RerunApi;

beforeAll(async () => {
  api = rerunApi(await createTenant());
});

describe("runs of a part", () => {
  it("[RU8] runs up to a node, whatever is wrong behind it", async () => {
    const id = await api.graph(
      [input("a"), input("unused"), calculate("sum", "Add", { b: 1 }), calculate("unfinished", "Add"), output("s")],
      "in_a.result sum.a",
      "sum.result out_s.value",
    );
    expect((await api.start(id, { a: 1 })).status).toBe(422);
    const part = await api.start(id, { a: 1 }, { until_node_id: "sum" });
    expect(part.body).toMatchObject({ status: "COMPLETED", outputs: {}, inputs: { a: 1 } });
    expect(part.body.shape).toEqual({ until_node_id: "sum" });
    expect((await api.nodesOf(part.body.id)).sum?.output).toEqual({ result: [2] });
    expect(Object.keys(await api.nodesOf(part.body.id))).toEqual(["in_a", "sum"]);
  });

  it("[RU8] runs one node with its pins from the inputs", async () => {
    const id = await api.quotient();
    const one = await api.start(id, { a: 9, b: 3 }, { only_node_id: "div" });
    expect(one.body).toMatchObject({ status: "COMPLETED", shape: { only_node_id: "div" } });
    expect(await api.nodesOf(one.body.id)).toMatchObject({ div: { output: { result: [3] } } });
    expect((await api.start(id, { a: 9 }, { only_node_id: "div" })).status).toBe(422);
  });

  it("refuses nodes that are not there, and two parts at once", async () => {
    const id = await api.quotient();
    for (const more of [
      { only_node_id: "x" },
      { until_node_id: "x" },
      { pinned: { x: { result: [1] } } },
      { only_node_id: "div", until_node_id: "div" },
    ]) {
      expect((await api.start(id, { a: 1, b: 1 }, more)).status).toBe(422);
    }
    expect((await api.start(id, { a: 1, b: 1 }, { pinned: { div: { result: 1 } } })).status).toBe(422);
  });
});

describe("pinned outputs and dry runs", () => {
  it("[RU7] gives pinned outputs only where they are asked for", async () => {
    const id = await api.graph(
      [input("a"), calculate("sum", "Add", { b: 1 }, { pinned: { result: [100, 200] } }), output("s")],
      "in_a.result sum.a",
      "sum.result out_s.value",
    );
    expect((await api.start(id, { a: 1 })).body.outputs).toEqual({ s: [2] });
    expect((await api.start(id, { a: 1 }, { pinned: true })).body.outputs).toEqual({ s: [100, 200] });
    const given = (await api.start(id, { a: 1 }, { pinned: { sum: { result: [5] } } })).body;
    expect(given.outputs).toEqual({ s: [5] });
    expect(given.shape).toEqual({ pinned_node_ids: ["sum"] });
    expect(await api.reusedOf(given.id)).toEqual({ in_a: null, sum: "pinned", out_s: null });
  });

  it("[RU7] samples the inputs that a dry run lacks, says which, and takes the others as they are given", async () => {
    const id = await api.graph([input("a"), input("b"), output("r")], "in_a.result out_r.value");
    const dry = await api.start(id, { b: "mine" }, { dry_run: true });
    expect(dry.body).toMatchObject({ status: "COMPLETED", inputs: { b: "mine" }, sampled_inputs: ["a"] });
    expect(dry.body.outputs.r).toEqual([dry.body.inputs.a]);
    const again = await api.call(`/${dry.body.id}/retry?wait_seconds=30`);
    expect(again.body).toMatchObject({ inputs: dry.body.inputs, sampled_inputs: ["a"] });
    const complete = await api.start(id, { a: "x", b: "y" }, { dry_run: true });
    expect(complete.body).not.toHaveProperty("sampled_inputs");
    expect((await api.start(id, { a: 1, no: 2 }, { dry_run: true })).status).toBe(422);
    expect((await api.start(id, { b: "mine" })).status).toBe(422);
  });

  it("[RU7] touches nothing outside in a dry run", async () => {
    const id = await api.graph(
      [input("a"), ["web", "webRequest", { url: "https://nowhere.invalid/" }], output("r")],
      "in_a.result web.body",
      "web.response out_r.value",
    );
    const dry = await api.start(id, { a: { x: 1 } }, { dry_run: true });
    expect(dry.body).toMatchObject({ status: "COMPLETED", dry_run: true });
    expect(await api.reusedOf(dry.body.id)).toMatchObject({ web: "sample" });
    expect(dry.body.outputs.r).toHaveLength(1);
    const real = await api.start(id, { a: { x: 1 } });
    expect(real.body.dry_run).toBe(false);
    expect((await api.nodesOf(real.body.id)).web?.reused).toBeNull();
    const again = await api.call(`/${dry.body.id}/retry?wait_seconds=30`);
    expect(again.body).toMatchObject({ status: "COMPLETED", dry_run: true });
  });
});

describe("the cache of node results", () => {
  it("[RU9] serves an equal execution of another run, and no other", async () => {
    const id = await api.graph(
      [input("trigger"), ["now", NOW, {}, { cache: { ttl_seconds: 600 } }], output("t")],
      "in_trigger.result now.trigger",
      "now.date_time out_t.value",
    );
    const first = (await api.start(id, { trigger: "x" })).body;
    const second = (await api.start(id, { trigger: "x" })).body;
    const third = (await api.start(id, { trigger: "y" })).body;
    expect(second.outputs).toEqual(first.outputs);
    const reused = await Promise.all([first, second, third].map(async (run) => (await api.reusedOf(run.id)).now));
    expect(reused).toEqual([null, "cache", null]);
  });
});
