import type { JsonSchema } from "#graph/json.ts";
import { recordOf } from "#graph/own-property.ts";
import { resolveSchema, unionBranches } from "#graph/pins/resolve-schema.ts";

/** How one input is asked for. */
export type InputWidget =
  | "text"
  | "textarea"
  | "password"
  | "date"
  | "time"
  | "datetime"
  | "file"
  | "json"
  | "any"
  | "default";

export interface FormSchema {
  /** What the form library is given: one plain type per input where that is possible. */
  schema: JsonSchema;
  widgets: Record<string, InputWidget>;
  /** Names of the inputs that wait behind "More inputs". */
  advanced: string[];
}

const FORMATS: ReadonlyMap<string, InputWidget> = new Map([
  ["long-text", "textarea"],
  ["short-text", "text"],
  ["date", "date"],
  ["time", "time"],
  ["date-time", "datetime"],
  ["file", "file"],
  ["data-url", "file"],
  ["password", "password"],
]);

/** Turns an agent's input schema (autogpt.md §3.1) into one that the form can draw, and says which field each input gets. */
export function toFormSchema(inputSchema: JsonSchema): FormSchema {
  const widgets: [string, InputWidget][] = [];
  const properties: [string, JsonSchema][] = [];
  const advanced: string[] = [];
  for (const [name, property] of Object.entries(inputSchema.properties ?? {})) {
    const plain = withoutNull(property, inputSchema);
    const widget = widgetOf(plain, property);
    widgets.push([name, widget]);
    properties.push([name, strip(plain, widget)]);
    if (property.advanced === true && inputSchema.required?.includes(name) !== true) {
      advanced.push(name);
    }
  }
  const schema: JsonSchema = {
    type: "object",
    properties: recordOf(properties),
    required: inputSchema.required ?? [],
  };
  if (inputSchema.$defs !== undefined) {
    schema.$defs = inputSchema.$defs;
  }
  return { schema, widgets: recordOf(widgets), advanced };
}

/** `X or null` asks for X: leaving it empty is the null. */
function withoutNull(property: JsonSchema, root: JsonSchema): JsonSchema {
  const resolved = resolveSchema(property, root) ?? {};
  const branches = unionBranches(resolved);
  if (branches === undefined) {
    return resolved;
  }
  const rest = branches.filter((branch) => branch.type !== "null");
  const [only] = rest;
  if (rest.length !== 1 || only === undefined) {
    return resolved;
  }
  const { anyOf: _any, oneOf: _one, ...beside } = resolved;
  return { ...resolveSchema(only, root), ...beside, type: only.type ?? "string" };
}

function widgetOf(schema: JsonSchema, original: JsonSchema): InputWidget {
  const format = schema.format ?? original.format;
  if (schema.enum !== undefined) {
    return "default";
  }
  if (original.secret === true) {
    return "password";
  }
  if (schema.anyOf !== undefined || schema.oneOf !== undefined || Array.isArray(schema.type)) {
    return "any";
  }
  switch (schema.type) {
    case undefined:
      return FORMATS.get(format ?? "") ?? "any";
    case "string":
      return FORMATS.get(format ?? "") ?? "text";
    case "object":
      return schema.properties === undefined ? "json" : "default";
    case "array":
      return typeof schema.items === "object" && schema.items.type !== undefined ? "default" : "json";
    default:
      return "default";
  }
}

/** The library needs a type for every field, and warns of formats that it does not know. */
function strip(schema: JsonSchema, widget: InputWidget): JsonSchema {
  const { format: _format, advanced: _advanced, secret: _secret, ...rest } = schema;
  if (widget === "any" || widget === "json") {
    const { title, description, default: fallback } = rest;
    return {
      ...(rest.type === undefined ? {} : { type: rest.type }),
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      ...(fallback === undefined ? {} : { default: fallback }),
    };
  }
  return rest.type === undefined ? { ...rest, type: "string" } : rest;
}
