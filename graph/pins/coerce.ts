import type { JsonObject, JsonSchema, JsonValue } from "../json.ts";
import { isJsonObject, jsonEquals } from "../json-value.ts";
import { getOwn, setOwn } from "../own-property.ts";
import { describeType, describeValue, fitsSchema, isOfType } from "./check-schema.ts";
import { acceptsAnything, acceptsNull, resolveSchema, schemaTypes, unionBranches } from "./resolve-schema.ts";

export type Coercion = { ok: true; value: JsonValue } | { ok: false; message: string };

export interface CoerceOptions {
  /** Schema that `$ref` points into. Default: the schema itself. */
  root?: JsonSchema;
  /**
   * Convert only what is plainly meant: numbers, booleans, lists and objects written as text, and a number or boolean for
   * a text. For values typed by people and sent by API callers; between blocks the lenient rules of AutoGPT hold.
   * Default false.
   */
  strict?: boolean;
}

const MAX_DEPTH = 200;

interface Coercing {
  root: JsonSchema;
  strict: boolean;
}

/**
 * Converts a value to the type that a pin's schema asks for (autogpt.md §4.5). A value that already fits, or fits one
 * branch of a union, stays as it is. Otherwise: text ← JSON of anything else; list ← `[key, value]` pairs of an object,
 * a text with a JSON list, else `[value]`; object ← a text with a JSON object, index → element of a list, else
 * `{"value": value}`; number ← parsed text, length of a list or object, else 0; boolean ← "true" or "1", else truth as
 * Python has it. Elements of lists and objects are converted in the same way. Lengths, ranges and enums are left to
 * `checkSchema`. Idempotent. Fails when no branch of a union can be reached.
 */
export function coerce(value: JsonValue, schema: JsonSchema, options: CoerceOptions = {}): Coercion {
  return coerceTo({ root: options.root ?? schema, strict: options.strict ?? false }, value, schema, 0);
}

function coerceTo(context: Coercing, value: JsonValue, schema: JsonSchema, depth: number): Coercion {
  if (acceptsAnything(schema)) {
    return { ok: true, value };
  }
  if (depth > MAX_DEPTH) {
    return { ok: false, message: "is nested too deep" };
  }
  const resolved = resolveSchema(schema, context.root);
  if (resolved === undefined) {
    return { ok: false, message: `has a schema with an unknown reference (${schema.$ref ?? "circular"})` };
  }
  const branches = unionBranches(resolved);
  if (branches !== undefined) {
    return coerceToUnion(context, value, branches, depth);
  }
  if (resolved.allOf !== undefined) {
    return coerceToAll(context, value, resolved, depth);
  }
  return coerceToType(context, value, resolved, depth);
}

function coerceToUnion(context: Coercing, value: JsonValue, branches: JsonSchema[], depth: number): Coercion {
  if (branches.some((branch) => fitsSchema(value, branch, context.root))) {
    return { ok: true, value };
  }
  const candidates = branches.filter((branch) => branch.type !== "null");
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined) {
    return coerceTo(context, value, only, depth + 1);
  }
  for (const branch of candidates) {
    const attempt = coerceTo(context, value, branch, depth + 1);
    if (attempt.ok && fitsSchema(attempt.value, branch, context.root)) {
      return attempt;
    }
  }
  return { ok: false, message: `has none of the allowed forms, being ${describeValue(value)}` };
}

function coerceToAll(context: Coercing, value: JsonValue, schema: JsonSchema, depth: number): Coercion {
  const { allOf = [], ...own } = schema;
  let current = coerceToType(context, value, own, depth);
  for (const part of allOf) {
    if (!current.ok) {
      return current;
    }
    current = coerceTo(context, current.value, part, depth + 1);
  }
  return current;
}

function coerceToType(context: Coercing, value: JsonValue, schema: JsonSchema, depth: number): Coercion {
  const allowed = schema.const === undefined ? schema.enum : [schema.const];
  if (allowed?.some((choice) => jsonEquals(choice, value)) === true) {
    return { ok: true, value };
  }
  const type = schemaTypes(schema)?.[0];
  if (type === undefined) {
    return { ok: true, value: allowed === undefined ? value : matchingChoice(value, allowed) };
  }
  switch (type) {
    case "string":
      return toText(context, value);
    case "number":
    case "integer":
      return toNumber(context, value, type);
    case "boolean":
      return toBoolean(context, value);
    case "array": {
      const list = context.strict ? strictly(value, Array.isArray) : toList(value);
      return list === undefined ? mismatch(value, type) : toElements(context, list, schema, depth);
    }
    case "object": {
      const object = context.strict ? strictly(value, isJsonObject) : toObject(value);
      return object === undefined ? mismatch(value, type) : toProperties(context, object, schema, depth);
    }
    default:
      return isOfType(value, type) ? { ok: true, value } : mismatch(value, type);
  }
}

function mismatch(value: JsonValue, type: string): Coercion {
  return { ok: false, message: `must be ${describeType(type)}, not ${describeValue(value)}` };
}

function toText(context: Coercing, value: JsonValue): Coercion {
  if (typeof value === "string") {
    return { ok: true, value };
  }
  return context.strict && typeof value === "object"
    ? mismatch(value, "string")
    : { ok: true, value: JSON.stringify(value) };
}

/** The value itself, or what it says as JSON text, when that is of the right kind. */
function strictly<T extends JsonValue>(
  value: JsonValue,
  is: (value: JsonValue | undefined) => value is T,
): T | undefined {
  if (is(value)) {
    return value;
  }
  const parsed = parseJson(value);
  return is(parsed) ? parsed : undefined;
}

/** An enum without a type: the choice that is written like the value, so that 3 finds "3". */
function matchingChoice(value: JsonValue, allowed: JsonValue[]): JsonValue {
  return allowed.find((choice) => String(choice) === String(value) && typeof choice !== "object") ?? value;
}

function toNumber(context: Coercing, value: JsonValue, type: "number" | "integer"): Coercion {
  const parsed = numberFrom(value);
  if (parsed === undefined || (context.strict && value !== null && typeof value === "object")) {
    if (context.strict) {
      return mismatch(value, type);
    }
    return { ok: true, value: 0 };
  }
  if (type === "integer" && !Number.isInteger(parsed)) {
    if (context.strict) {
      return mismatch(parsed, type);
    }
    // Adding 0 turns −0 into 0, which JSON cannot tell apart.
    return { ok: true, value: Math.trunc(parsed) + 0 };
  }
  return { ok: true, value: parsed };
}

const NUMBER = /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+)?$/i;

function numberFrom(value: JsonValue): number | undefined {
  if (typeof value === "number") {
    return value;
  }
  if (typeof value === "boolean") {
    return value ? 1 : 0;
  }
  if (typeof value === "string") {
    const text = value.trim();
    const parsed = NUMBER.test(text) ? Number(text.replaceAll("_", "")) : Number.NaN;
    return Number.isFinite(parsed) ? parsed : undefined;
  }
  if (value === null) {
    return undefined;
  }
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

function toBoolean(context: Coercing, value: JsonValue): Coercion {
  if (typeof value === "boolean") {
    return { ok: true, value };
  }
  const text = String(value).trim().toLowerCase();
  if (typeof value === "string" || (context.strict && typeof value === "number")) {
    const yes = text === "true" || text === "1";
    if (context.strict && !yes && text !== "false" && text !== "0") {
      return mismatch(value, "boolean");
    }
    return { ok: true, value: yes };
  }
  if (typeof value === "number") {
    return { ok: true, value: value !== 0 };
  }
  if (context.strict) {
    return mismatch(value, "boolean");
  }
  return { ok: true, value: value !== null && Object.keys(value).length > 0 };
}

function toList(value: JsonValue): JsonValue[] {
  if (Array.isArray(value)) {
    return value;
  }
  if (isJsonObject(value)) {
    return Object.entries(value).map(([key, element]) => [key, element]);
  }
  const parsed = parseJson(value);
  return Array.isArray(parsed) ? parsed : [value];
}

function toObject(value: JsonValue): JsonObject {
  if (Array.isArray(value)) {
    return Object.fromEntries(value.map((element, index) => [String(index), element]));
  }
  if (isJsonObject(value)) {
    return value;
  }
  const parsed = parseJson(value);
  return isJsonObject(parsed) ? parsed : { value };
}

function parseJson(value: JsonValue): JsonValue | undefined {
  if (typeof value !== "string") {
    return undefined;
  }
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    return undefined;
  }
}

function toElements(context: Coercing, list: JsonValue[], schema: JsonSchema, depth: number): Coercion {
  const prefix = schema.prefixItems ?? [];
  if (prefix.length === 0 && (typeof schema.items !== "object" || acceptsAnything(schema.items))) {
    return { ok: true, value: list };
  }
  let copy: JsonValue[] | undefined;
  for (const [index, element] of list.entries()) {
    const inner = prefix[index] ?? schema.items;
    if (typeof inner !== "object") {
      continue;
    }
    const converted = coerceTo(context, element, inner, depth + 1);
    if (!converted.ok) {
      return { ok: false, message: `has at [${index}] a value that ${converted.message}` };
    }
    if (converted.value !== element) {
      copy ??= [...list];
      copy[index] = converted.value;
    }
  }
  return { ok: true, value: copy ?? list };
}

function toProperties(context: Coercing, object: JsonObject, schema: JsonSchema, depth: number): Coercion {
  const properties = schema.properties ?? {};
  const rest = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  if (schema.properties === undefined && (rest === undefined || acceptsAnything(rest))) {
    return { ok: true, value: object };
  }
  let copy: JsonObject | undefined;
  for (const [name, element] of Object.entries(object)) {
    const inner = getOwn(properties, name) ?? rest;
    if (inner === undefined || isAbsent(context, element, inner)) {
      continue;
    }
    const converted = coerceTo(context, element, inner, depth + 1);
    if (!converted.ok) {
      return { ok: false, message: `has at "${name}" a value that ${converted.message}` };
    }
    if (converted.value !== element) {
      copy ??= { ...object };
      setOwn(copy, name, converted.value);
    }
  }
  return { ok: true, value: copy ?? object };
}

/**
 * Null for a property that may not be null stays null, for the check to report: it is a missing value, not the text
 * "null".
 */
function isAbsent(context: Coercing, value: JsonValue, schema: JsonSchema): boolean {
  return value === null && !acceptsNull(schema, context.root);
}
