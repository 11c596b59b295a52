import { describe, expect, it } from "vitest";
import { BLOCK, testCatalog } from "../catalog/test-catalog.testkit.ts";
import type { JsonValue } from "../json.ts";
import { graphOf } from "../model/graph-generators.testkit.ts";
import { type GraphValidation, validateGraph } from "./validate-graph.ts";

type Nodes = Parameters<typeof graphOf>[0];

function check(forRun: boolean, nodes: Nodes, links: string[] = [], more = {}): GraphValidation {
  return validateGraph(graphOf(nodes, links, more), testCatalog, { forRun });
}
const codes = (result: GraphValidation): string[] => result.errors.map((problem) => problem.code);
const FINE = { ok: true, errors: [], warnings: [], node_errors: {} };

describe("validateGraph: structure", () => {
  it("accepts a graph with static links, dynamic pins, a loop, an error pin and a note", () => {
    const nodes: Nodes = {
      in: { block: BLOCK.input, input: { name: "topic" } },
      fill: { block: BLOCK.fillTemplate, input: { format: "{{t}}" } },
      list: { block: BLOCK.addToList },
      out: { block: BLOCK.output, input: { name: "result" } },
      note: { block: BLOCK.note },
    };
    const links = [
      "in.result -> fill.values_#_t",
      "fill.output -> list.entry",
      "list.updated_list -> list.list",
      "list.updated_list_$_0 -> out.value",
      "fill.error -> out.value",
    ];
    expect(check(true, nodes, links)).toEqual(FINE);
    expect(check(false, nodes, links)).toEqual(FINE);
  });

  it("reports dangling links and pins that do not exist, naming those that do", () => {
    const nodes: Nodes = {
      a: { block: BLOCK.storeValue, input: { input: 1 } },
      out: { block: BLOCK.output, input: { name: "o" } },
    };
    const result = check(false, nodes, [
      "a.output -> gone.x",
      "a.nothing -> out.value",
      "a.output -> out.nowhere_#_x",
      "out.error -> a.data",
    ]);
    expect(codes(result)).toEqual(["dangling_link", "unknown_pin", "unknown_pin", "unknown_pin"]);
    expect(result.errors[0]).toMatchObject({ link_id: "l0" });
    expect(result.errors[1]).toMatchObject({
      link_id: "l1",
      node_id: "a",
      message: expect.stringContaining("it has: output, error") as string,
    });
    expect(result.ok).toBe(false);
  });

  it("reports double ids and names of JavaScript's own", () => {
    const graph = graphOf({ a: { block: BLOCK.storeValue, input: { input: 1 } } }, [
      "a.output -> a.data",
      "a.__proto__ -> a.constructor_#_x",
    ]);
    const doubled = {
      ...graph,
      nodes: [...graph.nodes, ...graph.nodes],
      links: [...graph.links, ...graph.links.slice(0, 1)],
    };
    expect(codes(validateGraph(doubled, testCatalog, { forRun: false }))).toEqual([
      "duplicate_node_id",
      "invalid_name",
      "invalid_name",
      "duplicate_link_id",
    ]);
    const named = graphOf({ a: { block: BLOCK.note } });
    const renamed = { ...named, nodes: named.nodes.map((node) => ({ ...node, id: "__proto__" })) };
    expect(codes(validateGraph(renamed, testCatalog, { forRun: false }))).toEqual(["invalid_name"]);
  });

  it("lets unknown and disabled blocks be saved but not run", () => {
    const nodes: Nodes = { a: { block: "gone" }, b: { block: BLOCK.print, input: { text: "x" } } };
    const saved = check(false, nodes, ["a.anything -> b.text", "b.output -> a.whatever"]);
    expect(saved.ok).toBe(true);
    expect(saved.warnings.map((problem) => [problem.code, problem.node_id])).toEqual([
      ["unknown_block", "a"],
      ["disabled_block", "b"],
    ]);
    const run = check(true, nodes);
    expect(codes(run)).toEqual(["unknown_block", "disabled_block"]);
    expect(run.ok).toBe(false);
  });

  it("asks for a start only before a run", () => {
    expect(check(false, {}).ok).toBe(true);
    expect(codes(check(true, {}))).toEqual(["no_starting_node"]);
    expect(codes(check(true, { n: { block: BLOCK.note } }))).toEqual(["no_starting_node"]);
  });

  it("allows tool pins of blocks that have tools", () => {
    const nodes: Nodes = {
      ai: { block: BLOCK.orchestrator, input: { prompt: "p" } },
      tool: { block: BLOCK.calculator, input: { operation: "Add", b: 1 } },
    };
    expect(check(true, nodes, ["ai.tools -> tool.a", "ai.tools_^_tool_~_a -> tool.a"]).ok).toBe(true);
    expect(codes(check(true, nodes, ["tool.tools -> tool.a"]))).toContain("unknown_pin");
  });

  it("looks into sub-graphs and says which", () => {
    const sub = {
      id: "sub-1",
      name: "Sub",
      nodes: [{ id: "s", block_id: BLOCK.output }],
      links: [{ id: "x", source_id: "s", sink_id: "t", source_name: "output", sink_name: "y" }],
    };
    const result = check(false, {}, [], { sub_graphs: [sub] });
    expect(result.errors).toMatchObject([{ code: "dangling_link", graph_id: "sub-1" }]);
    expect(result.node_errors).toEqual({ s: { name: "This field is required" } });
  });
});

describe("validateGraph: values", () => {
  it("asks for required fields of all nodes before a run, on save of input, output and agent nodes only", () => {
    const nodes: Nodes = {
      calc: { block: BLOCK.calculator, input: { operation: "Add", a: null } },
      in: { block: BLOCK.input, input: { name: "" } },
      out: { block: BLOCK.output },
      agent: {
        block: BLOCK.agent,
        input: { input_schema: { properties: { q: { type: "string" } }, required: ["q"] } },
      },
      llm: { block: BLOCK.textGenerator, input: { prompt: "x" } },
    };
    const io = {
      in: { name: "This field is required" },
      out: { name: "This field is required" },
      agent: { q: "This field is required", graph_id: "This field is required" },
    };
    expect(check(false, nodes).node_errors).toEqual(io);
    expect(check(true, nodes).node_errors).toEqual({
      ...io,
      calc: { a: "This field is required", b: "This field is required" },
    });
  });

  it("counts links, dynamic links and dynamic defaults as given", () => {
    const nodes: Nodes = {
      s: { block: BLOCK.storeValue, input: { input: 1 } },
      d: { block: BLOCK.createDictionary },
      e: { block: BLOCK.createDictionary, input: { "values_#_x": 1 } },
    };
    expect(check(true, nodes, ["s.output -> d.values_#_k"])).toEqual(FINE);
  });

  it("uses the embedded schemas of agent nodes for pins and values", () => {
    const schemas = {
      input_schema: {
        type: "object",
        properties: { q: { type: "string" }, n: { type: "integer", maximum: 5 } },
        required: ["q"],
      },
      output_schema: { type: "object", properties: { answer: {} } },
    };
    const nodes = (inputs: Record<string, string | number>): Nodes => ({
      s: { block: BLOCK.storeValue, input: { input: 1 } },
      agent: { block: BLOCK.agent, input: { graph_id: "g", graph_version: 1, inputs, ...schemas } },
    });
    const sink = { t: { block: BLOCK.storeValue, input: { input: 1 } } };
    expect(check(true, { ...nodes({}), ...sink }, ["s.output -> agent.q", "agent.answer -> t.data"])).toEqual(FINE);
    expect(
      codes(check(true, { ...nodes({}), ...sink }, ["s.output -> agent.graph_id", "agent.error -> t.data"])),
    ).toEqual(["unknown_pin", "unknown_pin"]);
    expect(check(true, nodes({ q: "x", n: 6 })).node_errors).toEqual({ agent: { n: "The value must be at most 5" } });
  });

  it("survives embedded schemas that are nonsense", () => {
    const nonsense: JsonValue[] = [
      "x",
      { properties: [] },
      { properties: { q: 1 }, required: "q" },
      { anyOf: 3, properties: { q: { anyOf: [1] } } },
      { required: [1, "q"] },
    ];
    for (const input_schema of nonsense) {
      const result = check(true, {
        agent: { block: BLOCK.agent, input: { graph_id: "g", input_schema, inputs: { q: 1 } } },
      });
      expect(result.errors).toEqual([]);
    }
  });

  it("does not run patterns that came with the file", () => {
    const input_schema = { properties: { q: { type: "string", pattern: "^(a+)+$" } } };
    const result = check(true, {
      agent: { block: BLOCK.agent, input: { graph_id: "g", input_schema, inputs: { q: `${"a".repeat(60)}!` } } },
    });
    expect(result.ok).toBe(true);
  });

  it("takes the parameters of another system's tool as pins", () => {
    const tool_input_schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const mcp = { block: BLOCK.mcpTool, input: { server_url: "https://x", tool_input_schema } };
    const s = { block: BLOCK.storeValue, input: { input: 1 } };
    expect(check(true, { mcp, s }, ["s.output -> mcp.city"])).toEqual(FINE);
    expect(check(true, { mcp }).node_errors).toEqual({ mcp: { city: "This field is required" } });
    expect(check(true, { mcp: { ...mcp, input: { ...mcp.input, tool_arguments: { city: "Bonn" } } } })).toEqual(FINE);
  });

  it("checks bounds of unlinked values always, types before a run only", () => {
    const nodes: Nodes = {
      c: { block: BLOCK.countdown, input: { repeat: 2_000, seconds: 1 } },
      w: { block: BLOCK.calculator, input: { operation: "Sum", a: 1, b: 2 } },
    };
    expect(check(false, nodes).node_errors).toEqual({ c: { repeat: "The value must be at most 1000" } });
    expect(Object.keys(check(true, nodes).node_errors)).toEqual(["c", "w"]);
    expect(
      check(false, { ...nodes, s: { block: BLOCK.storeValue, input: { input: 1 } } }, ["s.output -> c.repeat"])
        .node_errors,
    ).toEqual({});
  });

  it("asks for the fields that a field depends on", () => {
    const nodes = (input: Record<string, number | number[]>): Nodes => ({
      l: { block: BLOCK.createList, input: { values: [], ...input } },
    });
    expect(check(true, nodes({ max_tokens: 5 })).node_errors).toEqual({
      l: { max_tokens: 'This field needs "max_size" to be set too' },
    });
    expect(check(true, nodes({ max_tokens: 5, max_size: 1 }))).toEqual(FINE);
  });

  it("reserves names of inputs", () => {
    const named = (name: string, block: string = BLOCK.input): Record<string, Record<string, string>> =>
      check(false, { n: { block, input: { name } } }).node_errors;
    expect(named("credentials").n?.name).toContain("reserved");
    expect(named("github_credentials").n?.name).toContain("reserved");
    expect(named("credentials", BLOCK.output)).toEqual({});
    expect(named("__proto__").n?.name).toContain("may not be used");
    expect(named("constructor", BLOCK.output).n?.name).toContain("may not be used");
    expect(named("topic")).toEqual({});
  });

  it("asks for the field that chooses a credential", () => {
    expect(check(true, { l: { block: BLOCK.textGenerator, input: { prompt: "x", model: "" } } }).node_errors).toEqual({
      l: { model: "This field is required" },
    });
  });

  it("blames the pin whose parts do not fit together", () => {
    const result = check(false, { d: { block: BLOCK.createDictionary, input: { "values_#_a": 1, values_$_0: 2 } } });
    expect(Object.keys(result.node_errors.d ?? {})).toEqual(["values"]);
  });

  it("validates 10,000 nodes with 50,000 links", () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`n${index}`, { block: BLOCK.combineTexts }]),
    );
    const links = Array.from(
      { length: 50_000 },
      (_, index) => `n${index % 10_000}.output -> n${(index * 7 + 1) % 10_000}.input_$_${index % 5}`,
    );
    const result = check(false, nodes, links);
    expect(result.ok).toBe(true);
  });
});
