import type { JsonObject, JsonSchema, JsonValue } from "../json.ts";
import { setOwn } from "../own-property.ts";
import { resolveSchema } from "../pins/resolve-schema.ts";

const MAX_DEPTH = 6;
const MAX_ITEMS = 5;

const FORMATS: Record<string, string> = {
  "date-time": "2026-01-01T00:00:00Z",
  date: "2026-01-01",
  time: "00:00:00",
  duration: "PT1S",
  email: "sample@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  url: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};

/**
 * A value that a schema describes, always the same: what it names itself (`const`, `example`, `examples`, `default`, `enum`), else one made from the
 * type and its bounds. `pattern` is not looked at. Objects get all their properties, arrays one item unless they ask for more; what is nested deeper
 * than six levels is null.
 */
export function sampleValue(schema: JsonSchema, root: JsonSchema = schema, depth = 0): JsonValue {
  const resolved = resolveSchema(schema, root);
  if (resolved === undefined || depth > MAX_DEPTH) {
    return null;
  }
  const named = namedValue(resolved);
  if (named !== undefined) {
    return named;
  }
  const branches = resolved.anyOf ?? resolved.oneOf;
  const branch = branches?.find((candidate) => resolveSchema(candidate, root)?.type !== "null") ?? branches?.[0];
  if (branch !== undefined) {
    return sampleValue(branch, root, depth + 1);
  }
  if (resolved.allOf !== undefined) {
    const { allOf, ...rest } = resolved;
    return sampleValue(mergeAll([rest, ...allOf], root), root, depth + 1);
  }
  return typedValue(resolved, root, depth);
}

function namedValue(schema: JsonSchema): JsonValue | undefined {
  const { examples, example } = schema as { examples?: unknown; example?: JsonValue };
  const first = Array.isArray(examples) ? (examples[0] as JsonValue | undefined) : undefined;
  return schema.const ?? example ?? first ?? schema.default ?? schema.enum?.[0];
}

function mergeAll(schemas: JsonSchema[], root: JsonSchema): JsonSchema {
  const merged: JsonSchema = {};
  for (const schema of schemas) {
    const { properties, required, ...rest } = resolveSchema(schema, root) ?? {};
    Object.assign(merged, rest);
    merged.properties = { ...merged.properties, ...properties };
    merged.required = [...(merged.required ?? []), ...(required ?? [])];
  }
  return merged;
}

function typedValue(schema: JsonSchema, root: JsonSchema, depth: number): JsonValue {
  const types = schema.type === undefined ? [] : [schema.type].flat();
  const type = types.find((name) => name !== "null") ?? types[0];
  switch (type ?? impliedType(schema)) {
    case "string":
      return sampleText(schema);
    case "number":
      return sampleNumber(schema, 0.001);
    case "integer":
      return sampleNumber(schema, 1);
    case "boolean":
      return true;
    case "array":
      return sampleArray(schema, root, depth);
    case "object":
      return sampleObject(schema, root, depth);
    case "null":
      return null;
    default:
      return "sample";
  }
}

function impliedType(schema: JsonSchema): string | undefined {
  return schema.properties === undefined ? (schema.items === undefined ? undefined : "array") : "object";
}

function sampleText({ format, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: JsonSchema): string {
  const text = (format !== undefined && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined) ?? "sample";
  return text.padEnd(Math.min(minLength, 10_000), "x").slice(0, Math.max(0, maxLength));
}

function sampleNumber(schema: JsonSchema, step: number): number {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const least = Math.max(minimum ?? Number.NEGATIVE_INFINITY, (exclusiveMinimum ?? Number.NEGATIVE_INFINITY) + step);
  const most = Math.min(maximum ?? Number.POSITIVE_INFINITY, (exclusiveMaximum ?? Number.POSITIVE_INFINITY) - step);
  const value = Math.max(least, Math.min(most, 1));
  return step === 1 ? Math.ceil(value) : value;
}

function sampleArray(schema: JsonSchema, root: JsonSchema, depth: number): JsonValue[] {
  const fixed = (schema.prefixItems ?? []).map((item) => sampleValue(item, root, depth + 1));
  const count = Math.min(Math.max(schema.minItems ?? 0, fixed.length, 1), schema.maxItems ?? MAX_ITEMS, MAX_ITEMS);
  const item = typeof schema.items === "object" ? schema.items : {};
  return Array.from({ length: count }, (_, index) => fixed[index] ?? sampleValue(item, root, depth + 1));
}

function sampleObject(schema: JsonSchema, root: JsonSchema, depth: number): JsonObject {
  const object: JsonObject = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    setOwn(object, name, sampleValue(property, root, depth + 1));
  }
  return object;
}
