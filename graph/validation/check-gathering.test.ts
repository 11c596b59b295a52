import { describe, expect, it } from "vitest";
import { BLOCK, testCatalog } from "../catalog/test-catalog.testkit.ts";
import { GraphError } from "../errors.ts";
import { graphOf } from "../model/graph-generators.testkit.ts";
import { compilePlan } from "../plan/compile-plan.ts";
import { gatheringBelow, MAX_GATHERING } from "../plan/gathering.ts";
import { validateGraph } from "./validate-graph.ts";

type Nodes = Parameters<typeof graphOf>[0];

const problems = (nodes: Nodes, links: string[], forRun = true): string[] =>
  validateGraph(graphOf(nodes, links), testCatalog, { forRun }).errors.map(({ code }) => code);

function compiled(nodes: Nodes, links: string[]): string {
  try {
    compilePlan(graphOf(nodes, links), testCatalog);
  } catch (error) {
    return error instanceof GraphError ? error.code : String(error);
  }
  return "no error";
}

const loop: Nodes = {
  in: { block: BLOCK.input, input: { name: "in", value: 1 } },
  add: { block: BLOCK.calculator, input: { operation: "Add", b: 1 } },
  all: { block: BLOCK.collect },
  out: { block: BLOCK.output, input: { name: "list" } },
};
const below = ["in.result -> add.a", "add.result -> add.a", "add.result -> all.item", "all.list -> out.value"];
const inside = ["in.result -> add.a", "add.result -> all.item", "all.count -> add.a", "all.list -> out.value"];

describe("[GA4] graphs that gather", () => {
  it("may gather what a loop yields, but not be part of it without a number", () => {
    expect([problems(loop, below), compiled(loop, below)]).toEqual([[], "no error"]);
    expect([problems(loop, inside), compiled(loop, inside)]).toEqual([["gathers_in_cycle"], "gathers_in_cycle"]);
    const counted: Nodes = { ...loop, all: { block: BLOCK.collect, input: { count: 3 } } };
    expect([problems(counted, inside), compiled(counted, inside)]).toEqual([[], "no error"]);
    const linked = [...inside, "in.result -> all.count"];
    expect([problems(loop, linked), compiled(loop, linked)]).toEqual([[], "no error"]);
  });

  it("can be saved in a circle, with a warning that says what to do", () => {
    const saved = validateGraph(graphOf(loop, inside), testCatalog, { forRun: false });
    expect(saved).toMatchObject({ ok: true, warnings: [{ code: "gathers_in_cycle", node_id: "all" }] });
    expect(saved.warnings[0]?.message).toContain('Give it a number at "count"');
  });

  it("take whole values", () => {
    const links = ["in.result -> add.a", "add.result -> all.item_#_x", "all.list -> out.value"];
    expect(problems(loop, links)).toEqual(["unknown_pin"]);
  });

  it("gather something", () => {
    expect(problems({ ...loop, all: { block: BLOCK.collect, input: { count: 0 } } }, below)).toEqual([
      "gathers_nothing",
    ]);
    expect(problems({ ...loop, all: { block: BLOCK.collect, input: { count: null } } }, below)).toEqual([]);
  });

  it("ask for something to gather", () => {
    const found = validateGraph(graphOf({ all: { block: BLOCK.collect } }), testCatalog, { forRun: true });
    expect(Object.keys(found.node_errors.all ?? {})).toEqual(["item"]);
  });

  it("have a bounded number of nodes that gather until the end", () => {
    const names = Array.from({ length: MAX_GATHERING + 1 }, (_, index) => `all${index}`);
    const nodes: Nodes = {
      in: { block: BLOCK.input, input: { name: "in", value: 1 } },
      ...Object.fromEntries(names.map((name) => [name, { block: BLOCK.collect }])),
    };
    const links = names.map((name) => `in.result -> ${name}.item`);
    expect([problems(nodes, links), compiled(nodes, links)]).toEqual([["too_many_gathering"], "too_many_gathering"]);
    const { all0: _, ...fewer } = nodes;
    expect([problems(fewer, links.slice(1)), compiled(fewer, links.slice(1))]).toEqual([[], "no error"]);
  });
});

describe("the plan of a graph that gathers", () => {
  it("says until when each node gathers, and what comes before it", () => {
    const plan = compilePlan(
      graphOf({ ...loop, two: { block: BLOCK.collect, input: { count: 2 } } }, [...below, "all.list -> two.item"]),
      testCatalog,
    );
    expect(plan.nodes.map(({ gathers }) => gathers?.until)).toEqual([undefined, undefined, "end", undefined, "count"]);
    expect(plan.nodes[2]?.gathers).toEqual({ pin: "item", count_pin: "count", until: "end" });
    expect(gatheringBelow(plan.nodes)).toEqual([[2], [2], [], [], []]);
    expect(gatheringBelow(plan.nodes.slice(0, 1))).toBeNull();
  });
});
