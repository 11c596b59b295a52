import type { JsonSchema, JsonValue } from "../json.ts";
import { isJsonObject } from "../json-value.ts";
import { acceptsAnything } from "./resolve-schema.ts";

type Test = (value: JsonValue) => boolean;

const ANNOTATIONS = ["title", "description", "default", "examples", "format", "advanced", "secret", "hidden"];
const PLAIN_TYPES: Record<string, Test> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
};

const never: Test = () => false;
const known = new WeakMap<JsonSchema, Test>();

/**
 * Whether a value plainly fits a schema, so that neither `coerce` nor `checkSchema` would change or refuse it. False says nothing: they must be asked.
 * Worked out once a schema; a list or object of anything is not gone through, however long it is.
 */
export function fitsAsIs(value: JsonValue, schema: JsonSchema): boolean {
  let test = known.get(schema);
  if (test === undefined) {
    test = testOf(schema);
    known.set(schema, test);
  }
  return test(value);
}

function testOf(schema: JsonSchema): Test {
  if (acceptsAnything(schema)) {
    return () => true;
  }
  const keywords = new Set(Object.keys(schema));
  for (const annotation of ANNOTATIONS) {
    keywords.delete(annotation);
  }
  const only = (...names: string[]): boolean => [...keywords].every((keyword) => names.includes(keyword));
  if (schema.anyOf !== undefined && only("anyOf")) {
    const branches = schema.anyOf.map(testOf);
    return (value) => branches.some((branch) => branch(value));
  }
  const { type } = schema;
  if (typeof type !== "string") {
    return never;
  }
  if (schema.enum !== undefined && type === "string" && only("type", "enum")) {
    const choices = new Set(schema.enum);
    return (value) => typeof value === "string" && choices.has(value);
  }
  if (type === "array" && only("type", "items")) {
    const { items } = schema;
    const ofAnything = items === undefined || items === true || (items !== false && acceptsAnything(items));
    return ofAnything ? Array.isArray : never;
  }
  if (type === "object" && only("type", "additionalProperties")) {
    const { additionalProperties: more } = schema;
    const ofAnything = more === undefined || more === true || (more !== false && acceptsAnything(more));
    return ofAnything ? isJsonObject : never;
  }
  return only("type") ? (PLAIN_TYPES[type] ?? never) : never;
}
