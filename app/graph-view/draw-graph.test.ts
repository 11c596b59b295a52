import { describe, expect, it } from "vitest";
import type { BlockDescriptor } from "#graph/catalog/block-descriptor.ts";
import type { JsonObject, JsonSchema } from "#graph/json.ts";
import { AGENT_EXECUTOR_BLOCK_ID } from "#graph/model/agent-node.ts";
import { linkSchema, nodeSchema } from "#graph/model/graph-file.ts";
import { drawGraph } from "./draw-graph.ts";
import { hasPositions } from "./drawing.ts";

function descriptor(part: Partial<BlockDescriptor> & { id: string }): BlockDescriptor {
  return {
    name: "SomeBlock",
    description: "",
    categories: ["TEXT"],
    ui_type: "Standard",
    static_output: false,
    effects: "pure",
    pool: "io",
    timeout_ms: 1_000,
    input_schema: { type: "object" },
    output_schema: { type: "object" },
    disabled: false,
    ...part,
  };
}

function object(properties: Record<string, JsonSchema>, required: string[] = []): JsonSchema {
  return { type: "object", properties, required };
}

const FILL = descriptor({
  id: "fill",
  name: "FillTextTemplateBlock",
  input_schema: object(
    {
      values: { type: "object", title: "Values" },
      format: { type: "string" },
      key: { type: "string", secret: true },
      style: { type: "string", advanced: true },
    },
    ["values", "format"],
  ),
  output_schema: object({ output: { type: "string" }, error: { type: "string" } }),
});

const node = (id: string, blockId: string, inputDefault: JsonObject = {}, metadata: JsonObject = {}) =>
  nodeSchema.parse({ id, block_id: blockId, input_default: inputDefault, metadata });
const link = (from: [string, string], to: [string, string], isStatic = false) =>
  linkSchema.parse({
    id: `${from.join(".")}-${to.join(".")}`,
    source_id: from[0],
    source_name: from[1],
    sink_id: to[0],
    sink_name: to[1],
    is_static: isStatic,
  });

function only(graph: Parameters<typeof drawGraph>[0], blocks: BlockDescriptor[], id: string) {
  const found = drawGraph(graph, blocks).nodes.find((drawn) => drawn.id === id);
  if (found === undefined) {
    throw new Error(`no node ${id}`);
  }
  return found;
}

describe("drawGraph", () => {
  it("names blocks in words and shows the values that are set", () => {
    const drawn = only({ nodes: [node("a", "fill", { format: "Dear {{ x }}", style: "" })], links: [] }, [FILL], "a");
    expect(drawn.block_name).toBe("Fill Text Template");
    expect(drawn.title).toBe("Fill Text Template");
    expect(drawn.inputs.map(({ name, value }) => [name, value])).toEqual([
      ["values", undefined],
      ["format", "Dear {{ x }}"],
      ["key", undefined],
    ]);
    expect(drawn.hidden_inputs).toBe(1);
    expect(drawn.inputs.find(({ name }) => name === "values")).toMatchObject({
      label: "Values",
      type: "object",
      required: true,
    });
  });

  it("prefers the name that somebody gave to the block", () => {
    const nodes = [
      node("a", "fill", {}, { customized_name: "Write" }),
      node("b", "fill", {}, { customized_name: " " }),
    ];
    expect(drawGraph({ nodes, links: [] }, [FILL]).nodes.map(({ title }) => title)).toEqual([
      "Write",
      "Fill Text Template",
    ]);
  });

  it("gives dynamic pins a row under the pin that they are part of, and asks no more for that one", () => {
    const graph = {
      nodes: [node("a", "fill"), node("b", "fill")],
      links: [link(["a", "output"], ["b", "values_#_name"]), link(["a", "output_$_0"], ["b", "values_#_first"])],
    };
    const sink = only(graph, [FILL], "b");
    expect(sink.inputs.slice(0, 3).map(({ name, label, required }) => [name, label, required])).toEqual([
      ["values", "Values", false],
      ["values_#_name", "Values › name", false],
      ["values_#_first", "Values › first", false],
    ]);
    expect(only(graph, [FILL], "a").outputs.map(({ name }) => name)).toEqual(["output", "output_$_0", "error"]);
  });

  it("makes a placeholder with the pins that links name of a block that does not exist", () => {
    const graph = {
      nodes: [node("a", "gone", { stamp: "airmail" }), node("b", "fill")],
      links: [link(["a", "receipt"], ["b", "format"]), link(["b", "output"], ["a", "message"])],
    };
    const drawn = only(graph, [FILL], "a");
    expect(drawn).toMatchObject({ missing: true, block_id: "gone", block_name: "gone" });
    expect(drawn.inputs.map(({ name }) => name)).toEqual(["message", "stamp"]);
    expect(drawn.outputs.map(({ name }) => name)).toEqual(["receipt"]);
  });

  it("does not repeat on input and output blocks what their title says", () => {
    const input = descriptor({
      id: "in",
      ui_type: "Input",
      input_schema: object({ name: { type: "string" }, title: { type: "string" }, value: {} }, ["name"]),
    });
    const drawn = only(
      { nodes: [node("a", "in", { name: "topic", title: "Topic", value: "tea" })], links: [] },
      [input],
      "a",
    );
    expect(drawn.title).toBe("topic");
    expect(drawn.inputs.map(({ name }) => name)).toEqual(["value"]);
    expect(drawn.defaults).toEqual({ name: "topic", title: "Topic", value: "tea" });
  });

  it("tells the pins whose values are not for people: secrets, hidden ones, credentials", () => {
    const input_schema = object({
      text: { type: "string" },
      key: { type: "string", secret: true },
      plumbing: { hidden: true },
      account: { credentials_provider: ["github"] },
    });
    const graph = {
      nodes: [node("a", "call", { text: "x", mail_credentials: { id: "1" } }), node("b", "call")],
      links: [link(["b", "output"], ["a", "key"]), link(["b", "output"], ["a", "other"])],
    };
    const drawn = only(graph, [descriptor({ id: "call", input_schema })], "a");
    expect(drawn.private_pins).toEqual(["key", "plumbing", "account", "mail_credentials"]);
  });

  it("never lets a secret out", () => {
    const drawn = only({ nodes: [node("a", "fill", { key: "sk-123" })], links: [] }, [FILL], "a");
    expect(JSON.stringify(drawn)).not.toContain("sk-123");
    expect(drawn.defaults).toEqual({ key: "••••" });
  });

  it("shows a delimiter of nothing but white space", () => {
    const drawn = only({ nodes: [node("a", "fill", { format: "\n" })], links: [] }, [FILL], "a");
    expect(drawn.inputs.find(({ name }) => name === "format")?.value).toBe('"\\n"');
  });

  it("takes the pins of an agent node from the schemas inside it and hides its plumbing", () => {
    const agent = descriptor({ id: AGENT_EXECUTOR_BLOCK_ID, name: "AgentExecutorBlock", ui_type: "Agent" });
    const inner = {
      user_id: "somebody",
      graph_id: "child",
      graph_version: 3,
      agent_name: "Summariser",
      inputs: { length: 3 },
      input_schema: {
        type: "object",
        properties: { text: { type: "string" }, length: { type: "integer" } },
        required: ["text"],
      },
      output_schema: { type: "object", properties: { summary: { type: "string" } } },
    };
    const drawn = only({ nodes: [node("a", AGENT_EXECUTOR_BLOCK_ID, inner)], links: [] }, [agent], "a");
    expect(drawn.title).toBe("Summariser");
    expect(drawn.inputs.map(({ name, value }) => [name, value])).toEqual([
      ["text", undefined],
      ["length", "3"],
    ]);
    expect(drawn.outputs.map(({ name }) => name)).toEqual(["summary"]);
    expect(drawn.defaults).toEqual({ length: 3 });
  });

  it("colours links by what they carry and keeps static ones apart", () => {
    const graph = {
      nodes: [node("a", "fill"), node("b", "fill")],
      links: [link(["a", "output"], ["b", "format"], true)],
    };
    expect(drawGraph(graph, [FILL]).links).toMatchObject([{ type: "string", is_static: true, source_pin: "output" }]);
  });

  it("keeps names that every object has apart from those of the file", () => {
    const values = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}') as JsonObject;
    const graph = {
      nodes: [node("a", "gone"), node("b", "gone")],
      links: [link(["a", "constructor"], ["b", "toString"])],
    };
    graph.nodes[0] = { ...node("a", "gone"), input_default: values };
    const drawn = only(graph, [], "a");
    expect(drawn.inputs.map(({ name }) => name).toSorted()).toEqual(["__proto__", "constructor", "toString"]);
    expect(Object.keys(drawn.defaults).toSorted()).toEqual(["__proto__", "constructor", "toString"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("hasPositions", () => {
  const at = (x: number, y: number) => node(`${x},${y},${Math.abs(x - y)}`, "fill", {}, { position: { x, y } });
  const drawn = (nodes: ReturnType<typeof node>[]) => drawGraph({ nodes, links: [] }, [FILL]);

  it("wants a place for every block, and not the same for all", () => {
    expect(hasPositions(drawn([at(0, 0), at(1, 0)]))).toBe(true);
    expect(hasPositions(drawn([at(0, 0), node("b", "fill")]))).toBe(false);
    expect(hasPositions(drawn([at(0, 0), { ...at(0, 0), id: "other" }]))).toBe(false);
    expect(hasPositions(drawn([at(5, 5)]))).toBe(true);
  });
});
