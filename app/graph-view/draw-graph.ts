import type { BlockDescriptor } from "#graph/catalog/block-descriptor.ts";
import type { JsonObject, JsonSchema, JsonValue } from "#graph/json.ts";
import { AGENT_EXECUTOR_BLOCK_ID, embeddedSchema } from "#graph/model/agent-node.ts";
import type { GraphLink, GraphNode } from "#graph/model/graph-file.ts";
import { isCredentialsName } from "#graph/model/graph-keys.ts";
import { getOwn, setOwn } from "#graph/own-property.ts";
import { basePinName } from "#graph/pins/dynamic-pins.ts";
import type { DrawnLink, DrawnNode, DrawnPin, Drawing } from "./drawing.ts";
import { pinType } from "./pin-type.ts";
import { blockTitle, pinLabel } from "./titles.ts";

/** Pins drawn on one side although nothing is linked or set there. */
const MAX_IDLE_PINS = 6;
const MAX_PREVIEW_CHARS = 48;
/** AutoGPT keeps these on agent nodes for the machine (autogpt.md §3.1). */
const AGENT_PLUMBING = new Set([
  "user_id",
  "graph_id",
  "graph_version",
  "input_schema",
  "output_schema",
  "nodes_input_masks",
]);

/** What input and output blocks say of themselves stands in the form and in their title already (autogpt.md §6.1). */
const IO_LABELS = new Set(["name", "title", "description", "advanced"]);

interface Links {
  in: Map<string, GraphLink[]>;
  out: Map<string, GraphLink[]>;
}

interface Source {
  nodes: readonly GraphNode[];
  links: readonly GraphLink[];
}

/** Resolves a graph against the blocks that exist here. Blocks that do not become placeholders with the pins that links name. */
export function drawGraph(graph: Source, blocks: readonly BlockDescriptor[]): Drawing {
  const catalog = new Map(blocks.map((block) => [block.id, block]));
  const links: Links = { in: groupBy(graph.links, "sink_id"), out: groupBy(graph.links, "source_id") };
  const nodes = graph.nodes.map((node) => drawNode(node, catalog.get(node.block_id), links));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return { nodes, links: graph.links.map((link) => drawLink(link, byId)) };
}

function drawNode(node: GraphNode, block: BlockDescriptor | undefined, links: Links): DrawnNode {
  const incoming = new Set((links.in.get(node.id) ?? []).map((link) => link.sink_name));
  const outgoing = new Set((links.out.get(node.id) ?? []).map((link) => link.source_name));
  const { inputSchema, outputSchema } = pinSchemas(node, block);
  const values = node.block_id === AGENT_EXECUTOR_BLOCK_ID ? agentValues(node.input_default) : node.input_default;
  const isIo = block?.ui_type === "Input" || block?.ui_type === "Output";
  const inputs = drawInputs({ schema: inputSchema, linked: incoming, values, omit: isIo ? IO_LABELS : NOTHING });
  const blockName = block === undefined ? node.block_id : blockTitle(block.name);
  return {
    id: node.id,
    title: nodeTitle(node, block, blockName),
    block_id: node.block_id,
    block_name: blockName,
    description: block?.description ?? "",
    ui_type: block?.ui_type ?? "Standard",
    category: block?.categories[0] ?? null,
    missing: block === undefined,
    position: node.metadata.position ?? null,
    inputs: inputs.shown,
    outputs: drawOutputs(outputSchema, outgoing),
    hidden_inputs: inputs.hidden,
    note: block?.ui_type === "Note" ? noteText(node.input_default) : null,
    private_pins: privatePins(inputSchema, [...incoming, ...Object.keys(values)]),
    defaults: maskSecrets(values, inputSchema),
  };
}

function pinSchemas(
  node: GraphNode,
  block: BlockDescriptor | undefined,
): { inputSchema: JsonSchema; outputSchema: JsonSchema } {
  const own = {
    inputSchema: block?.input_schema ?? { type: "object" },
    outputSchema: block?.output_schema ?? { type: "object" },
  };
  if (node.block_id !== AGENT_EXECUTOR_BLOCK_ID) {
    return own;
  }
  return {
    inputSchema: embeddedSchema(node.input_default, "input_schema") ?? own.inputSchema,
    outputSchema: embeddedSchema(node.input_default, "output_schema") ?? own.outputSchema,
  };
}

function agentValues(inputDefault: JsonObject): JsonObject {
  const given = getOwn(inputDefault, "inputs");
  const values: JsonObject = {};
  for (const [name, value] of Object.entries(inputDefault)) {
    if (!AGENT_PLUMBING.has(name) && name !== "inputs" && name !== "agent_name") {
      setOwn(values, name, value);
    }
  }
  if (typeof given === "object" && given !== null && !Array.isArray(given)) {
    for (const [name, value] of Object.entries(given)) {
      setOwn(values, name, value);
    }
  }
  return values;
}

function nodeTitle(node: GraphNode, block: BlockDescriptor | undefined, blockName: string): string {
  const custom = node.metadata.customized_name;
  if (typeof custom === "string" && custom.trim() !== "") {
    return custom;
  }
  const key = block?.ui_type === "Agent" ? "agent_name" : "name";
  const own = getOwn(node.input_default, key);
  const named = block?.ui_type === "Input" || block?.ui_type === "Output" || block?.ui_type === "Agent";
  return named && typeof own === "string" && own !== "" ? own : blockName;
}

function noteText(inputDefault: JsonObject): string {
  const text = getOwn(inputDefault, "text");
  return typeof text === "string" ? text : "";
}

const NOTHING: ReadonlySet<string> = new Set();

interface InputPins {
  schema: JsonSchema;
  linked: Set<string>;
  values: JsonObject;
  /** Not drawn unless linked. */
  omit: ReadonlySet<string>;
}

function drawInputs({ schema, linked, values, omit }: InputPins): { shown: DrawnPin[]; hidden: number } {
  const properties = schema.properties ?? {};
  const names = orderedNames(Object.keys(properties), [...linked, ...Object.keys(values)]).filter(
    (name) => linked.has(name) || !omit.has(name),
  );
  const shown: DrawnPin[] = [];
  let idle = 0;
  let hidden = 0;
  for (const name of names) {
    const property = getOwn(properties, basePinName(name)) ?? {};
    const isLinked = linked.has(name);
    const value = getOwn(values, name);
    const isSet = value !== undefined && value !== null && value !== "";
    const required = schema.required?.includes(name) === true && !hasLinkedPart(name, linked);
    if (!isLinked && !isSet) {
      const redundant = property.hidden === true || (property.advanced === true && !required);
      if (redundant || (idle >= MAX_IDLE_PINS && !required)) {
        hidden += 1;
        continue;
      }
      idle += 1;
    }
    shown.push({
      name,
      label: pinLabel(name, property.title),
      type: name === basePinName(name) ? pinType(property, schema) : "any",
      linked: isLinked,
      required,
      ...(isSet && !isLinked ? { value: property.secret === true ? "••••" : preview(value) } : {}),
    });
  }
  return { shown, hidden };
}

function drawOutputs(schema: JsonSchema, linked: Set<string>): DrawnPin[] {
  const properties = schema.properties ?? {};
  return orderedNames(Object.keys(properties), [...linked])
    .filter((name) => linked.has(name) || (getOwn(properties, name)?.hidden !== true && !hasLinkedPart(name, linked)))
    .map((name) => {
      const property = getOwn(properties, basePinName(name)) ?? {};
      return {
        name,
        label: pinLabel(name, property.title),
        type: name === basePinName(name) ? pinType(property, schema) : "any",
        linked: linked.has(name),
        required: false,
      };
    });
}

/** `tools` needs no row of its own when `tools_^_…` pins have theirs. */
function hasLinkedPart(name: string, linked: Set<string>): boolean {
  return [...linked].some((pin) => pin !== name && basePinName(pin) === name);
}

/** Declared pins in their order, each followed by the dynamic ones made of it, then whatever no schema knows. */
function orderedNames(declared: string[], used: string[]): string[] {
  const dynamic = new Map<string, string[]>();
  const known = new Set(declared);
  const strangers: string[] = [];
  for (const name of new Set(used)) {
    if (known.has(name)) {
      continue;
    }
    const base = basePinName(name);
    if (known.has(base)) {
      dynamic.set(base, [...(dynamic.get(base) ?? []), name]);
    } else {
      strangers.push(name);
    }
  }
  return [...declared.flatMap((name) => [name, ...(dynamic.get(name) ?? [])]), ...strangers];
}

function drawLink(link: GraphLink, nodes: Map<string, DrawnNode>): DrawnLink {
  const pin = nodes.get(link.source_id)?.outputs.find(({ name }) => name === link.source_name);
  return {
    id: link.id,
    source: link.source_id,
    source_pin: link.source_name,
    sink: link.sink_id,
    sink_pin: link.sink_name,
    is_static: link.is_static,
    type: pin?.type ?? "any",
  };
}

function preview(value: JsonValue): string {
  // A text of nothing but spaces or line breaks (a delimiter) would not be seen: it is shown as JSON.
  const text = typeof value === "string" && value.trim() !== "" ? value : JSON.stringify(value);
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > MAX_PREVIEW_CHARS ? `${line.slice(0, MAX_PREVIEW_CHARS - 1)}…` : line;
}

function privatePins(schema: JsonSchema, used: string[]): string[] {
  const names = new Set([...Object.keys(schema.properties ?? {}), ...used.map(basePinName)]);
  return [...names].filter((name) => {
    const { secret, hidden, credentials_provider } = getOwn(schema.properties ?? {}, name) ?? {};
    return secret === true || hidden === true || credentials_provider !== undefined || isCredentialsName(name);
  });
}

function maskSecrets(values: JsonObject, schema: JsonSchema): JsonObject {
  const masked: JsonObject = {};
  for (const [name, value] of Object.entries(values)) {
    const secret = getOwn(schema.properties ?? {}, basePinName(name))?.secret === true;
    setOwn(masked, name, secret && value !== null && value !== "" ? "••••" : value);
  }
  return masked;
}

function groupBy(links: readonly GraphLink[], key: "source_id" | "sink_id"): Map<string, GraphLink[]> {
  const groups = new Map<string, GraphLink[]>();
  for (const link of links) {
    const group = groups.get(link[key]);
    if (group === undefined) {
      groups.set(link[key], [link]);
    } else {
      group.push(link);
    }
  }
  return groups;
}
