import { describe, expect, it } from "vitest";
import type { BlockCatalog } from "../catalog/block-descriptor.ts";
import { BLOCK, testCatalog } from "../catalog/test-catalog.testkit.ts";
import type { JsonObject } from "../json.ts";
import { graphOf } from "../model/graph-generators.testkit.ts";
import { compilePlan } from "./compile-plan.ts";
import { graphOfOne, graphUntil } from "./partial-graph.ts";
import { dryRunPlan, pinPlan } from "./pin-plan.ts";

const graph = graphOf(
  {
    a: { block: BLOCK.input, input: { name: "a" } },
    b: { block: BLOCK.input, input: { name: "b" } },
    c: { block: BLOCK.calculator, input: { operation: "Add" } },
    d: { block: BLOCK.calculator, input: { operation: "Add" } },
    o: { block: BLOCK.output, input: { name: "sum" } },
  },
  ["a.result -> c.a", "a.result -> c.b", "c.result -> d.a", "b.result -> d.b", "d.result -> o.value"],
);

describe("[RU8] parts of a graph", () => {
  it("has the node and everything that leads to it", () => {
    const until = graphUntil(
      { ...graph, metadata: { weft: { step_limit: 5, flow: { singleton: { mode: "skip" } } } } },
      "c",
    );
    expect(until.nodes.map(({ id }) => id)).toEqual(["a", "c"]);
    expect(until.links.map(({ sink_name }) => sink_name)).toEqual(["a", "b"]);
    expect(until.metadata?.weft).toEqual({ step_limit: 5 });
    const plan = compilePlan(until, testCatalog);
    expect(plan).toMatchObject({ starts: [0], required_inputs: ["a"], step_limit: 5 });
    expect(plan.nodes[1]).toMatchObject({ id: "c", links: [], linked_pins: ["a", "b"] });
    expect(graphUntil(graph, "o").nodes).toHaveLength(5);
  });

  it("comes to an end in a circle", () => {
    const circle = graphOf(
      {
        a: { block: BLOCK.input, input: { name: "a" } },
        c: { block: BLOCK.calculator },
        d: { block: BLOCK.calculator },
      },
      ["a.result -> c.a", "d.result -> c.b", "c.result -> d.a"],
    );
    expect(graphUntil(circle, "c").nodes).toHaveLength(3);
  });

  it("has one node with its pins from the inputs", () => {
    const one = graphOfOne(graph, "c", { a: 1, b: 2, operation: "Multiply" });
    const plan = compilePlan(one, testCatalog);
    expect(plan.starts).toEqual([0]);
    expect(plan.nodes).toHaveLength(1);
    expect(plan.nodes[0]).toMatchObject({
      id: "c",
      linked_pins: [],
      links: [],
      input_default: { a: 1, b: 2, operation: "Multiply" },
    });
    const odd = graphOfOne(graph, "c", JSON.parse('{"__proto__": 1}') as JsonObject);
    expect(Object.keys(odd.nodes[0]?.input_default ?? {})).toEqual(["operation", "__proto__"]);
    expect(graph.nodes[2]?.input_default).toEqual({ operation: "Add" });
  });

  it("refuses nodes that are not there", () => {
    expect(() => graphUntil(graph, "x")).toThrow("no node x");
    expect(() => graphOfOne(graph, "__proto__", {})).toThrow("no node");
  });
});

describe("[RU7] pinned outputs and samples", () => {
  const plan = compilePlan(graph, testCatalog);

  it("pins the nodes named, and no others", () => {
    const pinned = pinPlan(
      plan,
      new Map([
        ["c", { result: [1, 2] }],
        ["x", { result: [] }],
      ]),
    );
    expect(pinned.nodes.map((node) => node.pinned)).toEqual([
      undefined,
      undefined,
      { result: [1, 2] },
      undefined,
      undefined,
    ]);
    expect(plan.nodes.every((node) => node.pinned === undefined)).toBe(true);
  });

  it("gives samples for every node that is not pure, and for no other", () => {
    const effectful = {
      ...plan,
      nodes: plan.nodes.map((node) =>
        node.id === "c" || node.id === "d" ? { ...node, effects: "once" as const } : node,
      ),
    };
    const dry = dryRunPlan(pinPlan(effectful, new Map([["d", { result: [7] }]])), testCatalog);
    expect(dry.nodes.map(({ id, pinned, sampled }) => [id, pinned, sampled])).toEqual([
      ["a", undefined, undefined],
      ["b", undefined, undefined],
      ["c", { result: [expect.anything()] }, true],
      ["d", { result: [7] }, undefined],
      ["o", undefined, undefined],
    ]);
  });

  it("[RU7] does not wait in a dry run", () => {
    const waiting: BlockCatalog = {
      get: (id) => {
        const block = testCatalog.get(id);
        return block === undefined || id !== BLOCK.calculator ? block : { ...block, waits: true };
      },
    };
    const dry = dryRunPlan(plan, waiting);
    expect(dry.nodes.filter(({ sampled }) => sampled).map(({ id }) => id)).toEqual(["c", "d"]);
  });

  it("takes the pins of an agent node from the agent", () => {
    const output_schema = { type: "object", properties: { answer: { type: "integer" }, error: { type: "string" } } };
    const nodes = plan.nodes.map((node) =>
      node.id === "c" ? { ...node, effects: "idempotent" as const, input_default: { output_schema } } : node,
    );
    expect(dryRunPlan({ ...plan, nodes }, testCatalog).nodes[2]?.pinned).toEqual({ answer: [1] });
  });
});
