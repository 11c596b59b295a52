import type { JsonObject, JsonSchema, JsonValue } from "../json.ts";
import { isJsonObject } from "../json-value.ts";
import { getOwn } from "../own-property.ts";

/** AgentExecutorBlock: runs another agent (autogpt.md §4.9). */
export const AGENT_EXECUTOR_BLOCK_ID = "e189baac-8c20-45a1-94a7-55177ea42565";

/** Schema embedded in a node's `input_default`: pins of agent nodes and of tools of other systems (autogpt.md §3.1). */
export function embeddedSchema(
  inputDefault: JsonObject,
  key: "input_schema" | "output_schema" | "tool_input_schema",
): JsonSchema | undefined {
  return asSchema(getOwn(inputDefault, key));
}

/**
 * A JSON object from a file read as a schema, its `properties`, `required` and `$defs` of the right kinds; what is of a
 * wrong kind is left out. Undefined when it is no object.
 */
export function asSchema(value: JsonValue | undefined): JsonSchema | undefined {
  if (!isJsonObject(value)) {
    return undefined;
  }
  const { properties, required, ...rest } = value;
  const schema: JsonSchema = isWellFormed(rest) ? (rest as JsonSchema) : { type: "object" };
  if (isJsonObject(properties)) {
    schema.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        isWellFormed(property) ? (property as JsonSchema) : {},
      ]),
    );
  }
  if (Array.isArray(required)) {
    schema.required = required.filter((name) => typeof name === "string");
  }
  return schema;
}

const SCHEMA_LISTS = ["anyOf", "oneOf", "allOf", "prefixItems"] as const;
const SCHEMA_MAPS = ["properties", "$defs", "definitions"] as const;
const SCHEMA_SINGLES = ["items", "additionalProperties"] as const;

/** Every keyword that the checker reads has the kind of value that it expects, at every level. */
function isWellFormed(value: JsonValue | undefined): boolean {
  if (!isJsonObject(value)) {
    return false;
  }
  const { type, required, enum: choices, $ref: ref, pattern, depends_on: dependsOn } = value;
  const strings = (list: JsonValue | undefined): boolean =>
    list === undefined || (Array.isArray(list) && list.every((item) => typeof item === "string"));
  return (
    (typeof type === "string" || strings(type)) &&
    strings(required) &&
    strings(dependsOn) &&
    (choices === undefined || Array.isArray(choices)) &&
    (ref === undefined || typeof ref === "string") &&
    (pattern === undefined || typeof pattern === "string") &&
    SCHEMA_LISTS.every((key) => value[key] === undefined || everySchema(value[key])) &&
    SCHEMA_MAPS.every(
      (key) => value[key] === undefined || (isJsonObject(value[key]) && everySchema(Object.values(value[key]))),
    ) &&
    SCHEMA_SINGLES.every(
      (key) => value[key] === undefined || typeof value[key] === "boolean" || isWellFormed(value[key]),
    )
  );
}

function everySchema(list: JsonValue | undefined): boolean {
  return Array.isArray(list) && list.every((item) => isWellFormed(item));
}
