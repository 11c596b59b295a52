import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK, testCatalog } from "../catalog/test-catalog.testkit.ts";
import { GraphError } from "../errors.ts";
import type { GraphFile } from "../model/graph-file.ts";
import { nodeSchema } from "../model/graph-file.ts";
import { anyGraphJson, anyJson, graphOf, SEED } from "../model/graph-generators.testkit.ts";
import { importGraph } from "../model/import-graph.ts";
import { applyGraphOp } from "./apply-graph-op.ts";
import { type GraphOp, graphOpSchema, parseGraphOp, type SingleGraphOp } from "./graph-op.ts";

const graph = graphOf(
  {
    a: { block: BLOCK.storeValue, input: { input: 1 }, metadata: { position: { x: 1, y: 2 }, customized_name: "A" } },
    b: { block: BLOCK.calculator },
    c: { block: BLOCK.output },
  },
  ["a.output -> b.a", "b.result -> c.value", "a.output -> b.b", "b.error -> b.a"],
);

function refusal(op: GraphOp, on: GraphFile = graph): string {
  try {
    applyGraphOp(on, op);
  } catch (error) {
    return error instanceof GraphError ? error.code : String(error);
  }
  return "no error";
}

function parseRefusal(value: unknown): string {
  try {
    parseGraphOp(value);
  } catch (error) {
    return error instanceof GraphError ? error.code : String(error);
  }
  return "no error";
}

const node = nodeSchema.parse({ id: "n", block_id: BLOCK.note });
const link = { id: "new", source_id: "a", sink_id: "c", source_name: "output", sink_name: "value", is_static: false };

describe("applyGraphOp", () => {
  it("adds and removes nodes and links at their places", () => {
    const added = applyGraphOp(graph, { type: "add_node", node, index: 1 });
    expect(added.graph.nodes.map((each) => each.id)).toEqual(["a", "n", "b", "c"]);
    expect(added.inverse).toEqual({ type: "remove_node", node_id: "n" });
    const linked = applyGraphOp(graph, { type: "add_link", link });
    expect(linked.graph.links.map((each) => each.id)).toEqual(["l0", "l1", "l2", "l3", "new"]);
    const unlinked = applyGraphOp(graph, { type: "remove_link", link_id: "l1" });
    expect(unlinked.graph.links.map((each) => each.id)).toEqual(["l0", "l2", "l3"]);
    expect(applyGraphOp(unlinked.graph, unlinked.inverse).graph).toEqual(graph);
  });

  it("removes a node with its links and brings all back in order", () => {
    const removed = applyGraphOp(graph, { type: "remove_node", node_id: "b" });
    expect(removed.graph.nodes.map((each) => each.id)).toEqual(["a", "c"]);
    expect(removed.graph.links).toEqual([]);
    expect(applyGraphOp(removed.graph, removed.inverse).graph).toEqual(graph);
  });

  it("sets and takes away inputs, positions, metadata and fields", () => {
    const ops: [GraphOp, (result: GraphFile) => unknown, unknown][] = [
      [
        { type: "set_input", node_id: "a", pin: "input", value: null },
        (g) => g.nodes[0]?.input_default,
        { input: null },
      ],
      [{ type: "set_input", node_id: "a", pin: "input" }, (g) => g.nodes[0]?.input_default, {}],
      [
        { type: "set_input", node_id: "a", pin: "data_#_x", value: 2 },
        (g) => g.nodes[0]?.input_default,
        { input: 1, "data_#_x": 2 },
      ],
      [
        { type: "move_node", node_id: "a", position: { x: 5, y: 6 } },
        (g) => g.nodes[0]?.metadata.position,
        { x: 5, y: 6 },
      ],
      [{ type: "move_node", node_id: "a" }, (g) => g.nodes[0]?.metadata, { customized_name: "A" }],
      [{ type: "set_block", node_id: "a", block_id: BLOCK.note }, (g) => g.nodes[0]?.block_id, BLOCK.note],
      [
        { type: "set_node_metadata", node_id: "b", key: "customized_name", value: "B" },
        (g) => g.nodes[1]?.metadata,
        { customized_name: "B" },
      ],
      [
        { type: "set_node_metadata", node_id: "a", key: "customized_name" },
        (g) => g.nodes[0]?.metadata,
        { position: { x: 1, y: 2 } },
      ],
      [
        { type: "set_graph_fields", fields: { name: "New", instructions: "Read me" } },
        (g) => [g.name, g.instructions],
        ["New", "Read me"],
      ],
      [
        { type: "set_graph_fields", fields: { metadata: { weft: { step_limit: 5 } } } },
        (g) => g.metadata,
        { weft: { step_limit: 5 } },
      ],
      [{ type: "set_graph_fields", fields: {}, unset: ["metadata"] }, (g) => "metadata" in g, false],
    ];
    for (const [op, look, expected] of ops) {
      const applied = applyGraphOp(graph, op);
      expect(look(applied.graph)).toEqual(expected);
      expect(applyGraphOp(applied.graph, applied.inverse).graph).toEqual(graph);
      expect(graphOpSchema.parse(applied.inverse)).toEqual(applied.inverse);
    }
  });

  it("shares what it leaves alone", () => {
    const { graph: changed } = applyGraphOp(graph, { type: "set_input", node_id: "a", pin: "input", value: 2 });
    expect(changed.links).toBe(graph.links);
    expect(changed.nodes[1]).toBe(graph.nodes[1]);
    expect(changed.nodes[0]).not.toBe(graph.nodes[0]);
  });

  it.each<[GraphOp, string]>([
    [{ type: "add_node", node: { ...node, id: "a" } }, "node_exists"],
    [{ type: "add_node", node: { ...node, id: "__proto__" } }, "invalid_name"],
    [{ type: "add_node", node: { ...node, input_default: { "constructor_#_x": 1 } } }, "invalid_name"],
    [{ type: "add_node", node, index: 9 }, "invalid_index"],
    [{ type: "remove_node", node_id: "z" }, "node_not_found"],
    [{ type: "move_node", node_id: "z", position: { x: 0, y: 0 } }, "node_not_found"],
    [{ type: "set_block", node_id: "z", block_id: "b" }, "node_not_found"],
    [{ type: "set_input", node_id: "z", pin: "x", value: 1 }, "node_not_found"],
    [{ type: "set_input", node_id: "a", pin: "__proto__", value: { polluted: 1 } }, "invalid_name"],
    [{ type: "set_node_metadata", node_id: "a", key: "__proto__", value: { polluted: 1 } }, "invalid_name"],
    [{ type: "set_node_metadata", node_id: "a", key: "position", value: { x: 1, y: 1 } }, "invalid_metadata"],
    [{ type: "set_node_metadata", node_id: "a", key: "weft", value: { timeout_ms: 0 } }, "invalid_metadata"],
    [{ type: "set_graph_fields", fields: { instructions: "x" }, unset: ["instructions"] }, "invalid_fields"],
    [{ type: "add_link", link: { ...link, id: "l0" } }, "link_exists"],
    [{ type: "add_link", link: { ...link, sink_id: "z" } }, "dangling_link"],
    [{ type: "add_link", link: { ...link, sink_name: "constructor" } }, "invalid_name"],
    [{ type: "add_link", link, index: 9 }, "invalid_index"],
    [{ type: "remove_link", link_id: "z" }, "link_not_found"],
    [
      {
        type: "batch",
        ops: [
          { type: "remove_node", node_id: "a" },
          { type: "remove_link", link_id: "l0" },
        ],
      },
      "link_not_found",
    ],
  ])("refuses %j", (op, code) => {
    const before = structuredClone(graph);
    expect(refusal(op)).toBe(code);
    expect(graph).toEqual(before);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("refuses a node too many", () => {
    const full = { ...graph, nodes: Array.from({ length: 10_000 }, (_, index) => ({ ...node, id: `n${index}` })) };
    expect(refusal({ type: "add_node", node }, full)).toBe("graph_too_large");
  });

  it("adds 5,000 nodes and removes them again", () => {
    const ops = Array.from({ length: 5_000 }, (_, index): SingleGraphOp => ({
      type: "add_node",
      node: { ...node, id: `n${index}` },
    }));
    const applied = applyGraphOp(graph, { type: "batch", ops });
    expect(applied.graph.nodes).toHaveLength(5_003);
    expect(applyGraphOp(applied.graph, applied.inverse).graph).toEqual(graph);
  });
});

describe("any operation and its inverse", () => {
  const index = fc.option(fc.nat(4), { nil: undefined });
  const nodeId = fc.constantFrom("node-0", "node-1", "node-2", "added", "missing");
  const linkId = fc.constantFrom("link-0", "link-1", "link-2", "added");
  const value = fc.option(anyJson, { nil: undefined });
  const single: fc.Arbitrary<SingleGraphOp> = fc.oneof(
    fc.record({ type: fc.constant("add_node" as const), node: fc.constant({ ...node, id: "added" }), index }),
    fc.record({ type: fc.constant("remove_node" as const), node_id: nodeId }),
    fc.record({
      type: fc.constant("move_node" as const),
      node_id: nodeId,
      position: fc.option(fc.record({ x: fc.integer(), y: fc.integer() }), { nil: undefined }),
    }),
    fc.record({ type: fc.constant("set_block" as const), node_id: nodeId, block_id: fc.uuid() }),
    fc.record({
      type: fc.constant("set_input" as const),
      node_id: nodeId,
      pin: fc.constantFrom("a", "b_#_c", "__proto__"),
      value,
    }),
    fc.record({
      type: fc.constant("set_node_metadata" as const),
      node_id: nodeId,
      key: fc.constantFrom("customized_name", "note", "weft"),
      value,
    }),
    fc.record({
      type: fc.constant("add_link" as const),
      link: fc.record({
        id: linkId,
        source_id: nodeId,
        sink_id: nodeId,
        source_name: fc.constant("x"),
        sink_name: fc.constant("y"),
        is_static: fc.boolean(),
      }),
      index,
    }),
    fc.record({ type: fc.constant("remove_link" as const), link_id: linkId }),
    fc.record({
      type: fc.constant("set_graph_fields" as const),
      fields: fc.record(
        { name: fc.string({ minLength: 1 }), instructions: fc.option(fc.string()), is_active: fc.boolean() },
        { requiredKeys: [] },
      ),
      unset: fc.option(fc.subarray(["metadata", "recommended_schedule_cron"] as const), { nil: undefined }),
    }),
  );
  const anyOp: fc.Arbitrary<GraphOp> = fc.oneof(
    single,
    fc.array(single, { maxLength: 5 }).map((ops) => ({ type: "batch" as const, ops })),
  );

  it("leave the graph as it was", () => {
    let applied = 0;
    fc.assert(
      fc.property(anyGraphJson, fc.array(anyOp, { minLength: 1, maxLength: 6 }), (json, ops) => {
        let current = importGraph(json, testCatalog).graph;
        const steps: { before: GraphFile; inverse: GraphOp }[] = [];
        const start = structuredClone(current);
        for (const op of ops) {
          try {
            const result = applyGraphOp(current, op);
            steps.push({ before: current, inverse: result.inverse });
            current = result.graph;
            applied += 1;
          } catch (error) {
            expect(error).toBeInstanceOf(GraphError);
          }
        }
        for (const { before, inverse } of steps.reverse()) {
          current = applyGraphOp(current, parseGraphOp(JSON.parse(JSON.stringify(inverse)))).graph;
          expect(current).toEqual(before);
        }
        expect(current).toEqual(start);
      }),
      { seed: SEED, numRuns: 500 },
    );
    // Guards against a generator whose operations are all refused.
    expect(applied).toBeGreaterThan(500);
  });
});

describe("parseGraphOp", () => {
  it("fills in the defaults of a node", () => {
    expect(parseGraphOp({ type: "add_node", node: { id: "n", block_id: "b" } })).toEqual({
      type: "add_node",
      node: { id: "n", block_id: "b", input_default: {}, metadata: {} },
    });
  });

  it.each([
    [null, "invalid_operation"],
    [{ type: "explode" }, "invalid_operation"],
    [{ type: "set_input", node_id: "a" }, "invalid_operation"],
    [{ type: "move_node", node_id: "a", position: { x: "1", y: 1 } }, "invalid_operation"],
    [{ type: "batch", ops: [{ type: "batch", ops: [] }] }, "invalid_operation"],
    [{ type: "set_input", node_id: "a", pin: "x", value: Number.NaN }, "invalid_operation"],
    [JSON.parse('{"type":"add_node","node":{"id":"n","block_id":"b","__proto__":{"polluted":1}}}'), "invalid_name"],
    [
      JSON.parse(
        '{"type":"batch","ops":[{"type":"add_node","node":{"id":"n","block_id":"b","metadata":{"__proto__":1}}}]}',
      ),
      "invalid_name",
    ],
  ])("refuses %j", (value: unknown, code) => {
    expect(parseRefusal(value)).toBe(code);
  });

  it("lets the values of pins have any key", () => {
    const text = '{"type":"set_input","node_id":"a","pin":"x","value":{"__proto__":{"polluted":1}}}';
    expect(JSON.stringify(parseGraphOp(JSON.parse(text)))).toBe(text);
  });
});
