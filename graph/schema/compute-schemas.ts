import type { BlockCatalog } from "../catalog/block-descriptor.ts";
import type { JsonObject, JsonSchema, JsonValue } from "../json.ts";
import type { GraphNode } from "../model/graph-file.ts";
import { getOwn, setOwn } from "../own-property.ts";
import { type IoNode, inputNodes, outputNodes } from "./io-nodes.ts";

/**
 * The agent's inputs as a JSON Schema, one property for each input node (autogpt.md §3.1): the schema of the node's
 * `value` with the node's own title, description and default; a drop-down's options as `enum`, a table's columns as
 * properties of its rows. Required are the names whose value is null. Of two nodes with one name the later one
 * describes it.
 */
export function computeInputSchema(graph: { nodes: GraphNode[] }, catalog: BlockCatalog): JsonSchema {
  return schemaOf(inputNodes(graph, catalog));
}

/** The agent's outputs as a JSON Schema, one property for each output node (autogpt.md §3.1). */
export function computeOutputSchema(graph: { nodes: GraphNode[] }, catalog: BlockCatalog): JsonSchema {
  return schemaOf(outputNodes(graph, catalog));
}

function schemaOf(nodes: IoNode[]): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const definitions: Record<string, JsonSchema> = {};
  const required = new Set<string>();
  for (const io of nodes) {
    setOwn(properties, io.name, propertyOf(io));
    for (const [name, definition] of Object.entries(referencedDefinitions(io))) {
      setOwn(definitions, name, definition);
    }
    if (io.value === null) {
      required.add(io.name);
    }
  }
  const schema: JsonSchema = { type: "object", properties, required: [...required] };
  return Object.keys(definitions).length === 0 ? schema : { ...schema, $defs: definitions };
}

function propertyOf({ node, block, name, value }: IoNode): JsonSchema {
  const input = node.input_default;
  const { description: _d, default: _v, secret: _s, ...shape } = valueShape(block.input_schema.properties?.value ?? {});
  const description = textOf(input, "description");
  return {
    ...shape,
    ...choices(input, block.input_schema.properties),
    ...tableRows(input, shape, block.input_schema.properties),
    title: textOf(input, "title") ?? name,
    ...(description === undefined ? {} : { description }),
    ...(value === null ? {} : { default: value }),
    secret: false,
    advanced: getOwn(input, "advanced") === true && value !== null,
  };
}

/** The schema without the null that only says "not given yet"; a missing input is absent, not null. */
function valueShape(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema;
  if (anyOf !== undefined) {
    const branches = anyOf.filter((branch) => branch.type !== "null");
    const [only] = branches;
    return branches.length === 1 && only !== undefined ? { ...only, ...rest } : { ...rest, anyOf: branches };
  }
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== "null");
    const [only] = types;
    return { ...schema, type: types.length === 1 && only !== undefined ? only : types };
  }
  return schema;
}

function choices(input: JsonObject, properties: Record<string, JsonSchema> | undefined): JsonSchema {
  if (properties?.options === undefined) {
    return {};
  }
  const options = getOwn(input, "options") ?? properties.options.default;
  return Array.isArray(options) && options.length > 0 ? { enum: [...options] } : {};
}

function tableRows(
  input: JsonObject,
  shape: JsonSchema,
  properties: Record<string, JsonSchema> | undefined,
): JsonSchema {
  if (properties?.column_headers === undefined || shape.type !== "array") {
    return {};
  }
  const headers = getOwn(input, "column_headers") ?? properties.column_headers.default;
  if (!Array.isArray(headers)) {
    return {};
  }
  const columns: Record<string, JsonSchema> = {};
  for (const header of headers) {
    if (typeof header === "string") {
      setOwn(columns, header, { type: "string", title: header });
    }
  }
  return { format: "table", items: { type: "object", properties: columns } };
}

function textOf(input: JsonObject, key: string): string | undefined {
  const value: JsonValue | undefined = getOwn(input, key);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Definitions that the value's schema may refer to; they have to move with it. */
function referencedDefinitions({ block }: IoNode): Record<string, JsonSchema> {
  const value = block.input_schema.properties?.value;
  return JSON.stringify(value ?? {}).includes('"$ref"') ? (block.input_schema.$defs ?? {}) : {};
}
