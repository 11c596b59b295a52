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
  const { description: _d, default: _v, secret: _s, ...shape } = block.input_schema.properties?.value ?? {};
  const description = textOf(input, "description");
  return {
    ...withRows(shape, tableRow(input, block.input_schema.properties)),
    ...choices(input, block.input_schema.properties),
    title: textOf(input, "title") ?? name,
    ...(description === undefined ? {} : { description }),
    ...(value === null ? {} : { default: value }),
    secret: false,
    advanced: getOwn(input, "advanced") === true && value !== null,
  };
}

function choices(input: JsonObject, properties: Record<string, JsonSchema> | undefined): JsonSchema {
  if (properties?.options === undefined) {
    return {};
  }
  // Files of 2025 call the options `placeholder_values`.
  const options = getOwn(input, "options") ?? getOwn(input, "placeholder_values") ?? properties.options.default;
  return Array.isArray(options) && options.length > 0 ? { enum: [...options] } : {};
}

/** Schema of one row of a table input, a property for each column; undefined for inputs that are no tables. */
function tableRow(input: JsonObject, properties: Record<string, JsonSchema> | undefined): JsonSchema | undefined {
  const headers = getOwn(input, "column_headers") ?? properties?.column_headers?.default;
  if (properties?.column_headers === undefined || !Array.isArray(headers)) {
    return undefined;
  }
  const columns: Record<string, JsonSchema> = {};
  for (const header of headers) {
    if (typeof header === "string") {
      setOwn(columns, header, { type: "string", title: header });
    }
  }
  return { type: "object", properties: columns };
}

function withRows(shape: JsonSchema, row: JsonSchema | undefined): JsonSchema {
  if (row === undefined) {
    return shape;
  }
  const isList = (schema: JsonSchema): boolean => schema.type === "array" || schema.type?.includes("array") === true;
  if (isList(shape)) {
    return { ...shape, format: "table", items: row };
  }
  if (shape.anyOf?.some(isList) === true) {
    const anyOf = shape.anyOf.map((branch) => (isList(branch) ? { ...branch, items: row } : branch));
    return { ...shape, format: "table", anyOf };
  }
  return shape;
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
