import { describe, expect, it } from "vitest";
import { BLOCK, testCatalog } from "../catalog/test-catalog.testkit.ts";
import { GraphError } from "../errors.ts";
import { graphOf } from "../model/graph-generators.testkit.ts";
import { compilePlan } from "./compile-plan.ts";

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof GraphError ? error.code : String(error);
  }
  return "no error";
}

describe("compilePlan", () => {
  it("joins links by index, forces static ones and lists linked pins in link order", () => {
    const plan = compilePlan(
      graphOf(
        {
          a: { block: BLOCK.input, input: { name: "a" } },
          c: { block: BLOCK.calculator, input: { operation: "Add" } },
          f: { block: BLOCK.fillTemplate, input: { format: "{{x}}" } },
        },
        [
          "c.result -> f.values_#_x",
          "a.result -> c.b",
          "a.result -> c.a",
          "c.error -> f.values_#_x",
          "c.result -> f.format",
        ],
      ),
      testCatalog,
    );
    expect(plan).toMatchObject({
      graph_id: "graph-1",
      graph_version: 1,
      graph_name: "Test agent",
      starts: [0],
      required_inputs: ["a"],
      step_limit: 10_000,
    });
    expect(plan).not.toHaveProperty("timeout_ms");
    const [input, calculator, template] = plan.nodes;
    expect(input?.links).toEqual([
      { source_name: "result", sink: 1, sink_name: "b", is_static: true },
      { source_name: "result", sink: 1, sink_name: "a", is_static: true },
    ]);
    expect(calculator).toMatchObject({
      linked_pins: ["b", "a"],
      static_pins: ["b", "a"],
      error_linked: true,
      effects: "pure",
      input_default: { operation: "Add" },
    });
    expect(template).toMatchObject({ linked_pins: ["values_#_x", "format"], static_pins: [], error_linked: false });
  });

  it("counts a pin as static when any of its links is", () => {
    const plan = compilePlan(
      graphOf(
        {
          s: { block: BLOCK.storeValue, input: { input: 1 } },
          c: { block: BLOCK.calculator },
          d: { block: BLOCK.calculator },
        },
        ["c.result -> d.a", "s.output -> d.a"],
      ),
      testCatalog,
    );
    expect(plan.nodes[2]).toMatchObject({ linked_pins: ["a"], static_pins: ["a"] });
  });

  it("starts input nodes even when linked, other nodes when not, notes never", () => {
    const plan = compilePlan(
      graphOf(
        {
          note: { block: BLOCK.note },
          store: { block: BLOCK.storeValue },
          input: { block: BLOCK.input },
          out: { block: BLOCK.output },
          hook: { block: BLOCK.webhook },
        },
        ["store.output -> input.value", "input.result -> out.value", "store.output -> note.text"],
      ),
      testCatalog,
    );
    expect(plan.starts).toEqual([1, 2, 4]);
    expect(plan.nodes[0]).toMatchObject({ ui_type: "Note", linked_pins: [] });
    expect(plan.nodes[1]?.links.map((link) => link.sink)).toEqual([2]);
  });

  it("takes limits from the graph, the node and the options", () => {
    const graph = graphOf(
      {
        a: { block: BLOCK.textGenerator, metadata: { weft: { timeout_ms: 5, retry: { max_attempts: 3 } } } },
        b: { block: BLOCK.textGenerator },
      },
      [],
      { metadata: { weft: { step_limit: 7, timeout_ms: 1_000 } } },
    );
    const plan = compilePlan(graph, testCatalog);
    expect(plan).toMatchObject({ step_limit: 7, timeout_ms: 1_000 });
    expect(plan.nodes[0]).toMatchObject({
      timeout_ms: 5,
      retry: { max_attempts: 3, backoff_ms: 1_000, max_backoff_ms: 60_000 },
    });
    expect(plan.nodes[1]).toMatchObject({ timeout_ms: 300_000, effects: "once" });
    expect(plan.nodes[1]).not.toHaveProperty("retry");
    expect(compilePlan(graph, testCatalog, { stepLimit: 2, timeoutMs: 3 })).toMatchObject({
      step_limit: 2,
      timeout_ms: 3,
    });
  });

  it("requires inputs whose value is null, each name once", () => {
    const plan = compilePlan(
      graphOf({
        a: { block: BLOCK.input, input: { name: "needed" } },
        b: { block: BLOCK.input, input: { name: "needed", value: null } },
        c: { block: BLOCK.input, input: { name: "empty text", value: "" } },
        d: { block: BLOCK.toggleInput, input: { name: "has block default" } },
        e: { block: BLOCK.input, input: {} },
        f: { block: BLOCK.input, input: { name: "constructor" } },
      }),
      testCatalog,
    );
    expect(plan.required_inputs).toEqual(["needed", "constructor"]);
  });

  it("refuses what cannot run", () => {
    expect(codeOf(() => compilePlan(graphOf({ a: { block: "gone" } }), testCatalog))).toBe("unknown_blocks");
    expect(codeOf(() => compilePlan(graphOf({ a: { block: BLOCK.print } }), testCatalog))).toBe("disabled_block");
    expect(codeOf(() => compilePlan(graphOf({}), testCatalog))).toBe("no_starting_node");
    expect(codeOf(() => compilePlan(graphOf({ n: { block: BLOCK.note } }), testCatalog))).toBe("no_starting_node");
    const loop = graphOf({ a: { block: BLOCK.addToList } }, ["a.updated_list -> a.list"]);
    expect(codeOf(() => compilePlan(loop, testCatalog))).toBe("no_starting_node");
    const dangling = {
      ...graphOf({ a: { block: BLOCK.addToList } }),
      links: [...loop.links, { ...loop.links[0], id: "x", sink_id: "b" }],
    };
    expect(codeOf(() => compilePlan(dangling as typeof loop, testCatalog))).toBe("dangling_link");
  });

  it("is plain JSON that holds nothing but what a run needs", () => {
    const plan = compilePlan(graphOf({ a: { block: BLOCK.input, input: { name: "a", "x_#_y": 1 } } }), testCatalog);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it("compiles a chain of 10,000 nodes", () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`n${index}`, { block: BLOCK.storeValue }]),
    );
    const links = Array.from({ length: 9_999 }, (_, index) => `n${index}.output -> n${index + 1}.input`);
    const plan = compilePlan(graphOf(nodes, links), testCatalog);
    expect(plan.starts).toEqual([0]);
    expect(plan.nodes[9_999]?.static_pins).toEqual(["input"]);
  });
});
