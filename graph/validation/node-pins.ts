import type { BlockDescriptor } from "../catalog/block-descriptor.ts";
import type { JsonObject, JsonSchema } from "../json.ts";
import { isJsonObject } from "../json-value.ts";
import { embeddedSchema } from "../model/agent-node.ts";
import type { GraphNode } from "../model/graph-file.ts";
import { getOwn } from "../own-property.ts";
import { basePinName } from "../pins/dynamic-pins.ts";

/**
 * The pins of one node: its block's, except where the node brings schemas of its own (agent nodes, tools of other
 * systems).
 */
export interface NodePins {
  inputs: JsonSchema;
  outputs: JsonSchema;
  /** Values that the node gives its input pins. */
  values: JsonObject;
  /** False when `inputs` came with the file. */
  trusted: boolean;
}

/**
 * The pins that links may use and values are checked against (autogpt.md §3.2: agent nodes use their embedded schemas).
 */
export function nodePins(node: GraphNode, block: BlockDescriptor): NodePins {
  if (block.ui_type === "Agent") {
    const given = getOwn(node.input_default, "inputs");
    return {
      inputs: embeddedSchema(node.input_default, "input_schema") ?? { type: "object", properties: {} },
      outputs: embeddedSchema(node.input_default, "output_schema") ?? { type: "object", properties: {} },
      values: isJsonObject(given) ? given : {},
      trusted: false,
    };
  }
  if (block.ui_type === "MCP Tool") {
    return mcpPins(node, block);
  }
  return { inputs: block.input_schema, outputs: block.output_schema, values: node.input_default, trusted: true };
}

function mcpPins(node: GraphNode, block: BlockDescriptor): NodePins {
  const tool = embeddedSchema(node.input_default, "tool_input_schema") ?? {};
  const given = getOwn(node.input_default, "tool_arguments");
  return {
    inputs: {
      ...block.input_schema,
      $defs: { ...tool.$defs, ...block.input_schema.$defs },
      properties: { ...tool.properties, ...block.input_schema.properties },
      required: [...(block.input_schema.required ?? []), ...(tool.required ?? [])],
    },
    outputs: block.output_schema,
    values: { ...(isJsonObject(given) ? given : {}), ...node.input_default },
    trusted: false,
  };
}

/** True when a link may use the pin: its exact name or its base is a property, or the schema takes any name. */
export function hasPin(schema: JsonSchema, pin: string): boolean {
  const properties = schema.properties ?? {};
  return (
    getOwn(properties, pin) !== undefined ||
    getOwn(properties, basePinName(pin)) !== undefined ||
    schema.additionalProperties === true ||
    typeof schema.additionalProperties === "object"
  );
}
