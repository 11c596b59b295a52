import type { JsonObject, JsonSchema, JsonValue } from "../json.ts";
import { isJsonObject, jsonEquals } from "../json-value.ts";
import { getOwn } from "../own-property.ts";
import { acceptsAnything, resolveSchema, schemaTypes } from "./resolve-schema.ts";

export interface SchemaProblem {
  /** JSON path within the checked value: `` for the value itself, `a.b[0]` below it. */
  path: string;
  /** A clause to follow the path: "must be at least 1". */
  message: string;
}

export interface CheckOptions {
  /** Schema that `$ref` points into. Default: the schema itself. */
  root?: JsonSchema;
  /** Check lengths, ranges and patterns too, not only types, enums and required keys. Default true. */
  bounds?: boolean;
  /** Check `pattern`. Default true; false for schemas from outside, whose expressions may be built to run for hours. */
  patterns?: boolean;
}

const MAX_PROBLEMS = 20;
const MAX_DEPTH = 200;
const SHOWN_ENUM_VALUES = 20;

interface Check {
  root: JsonSchema;
  bounds: boolean;
  patterns: boolean;
  problems: SchemaProblem[];
}

/**
 * Checks a value against the subset of JSON Schema in graph/json.ts, without generating code (workerd forbids it).
 * `format` is not checked: formats are strings. Returns at most the first 20 problems; empty means valid.
 */
export function checkSchema(value: JsonValue, schema: JsonSchema, options: CheckOptions = {}): SchemaProblem[] {
  const check: Check = {
    root: options.root ?? schema,
    bounds: options.bounds ?? true,
    patterns: options.patterns ?? true,
    problems: [],
  };
  visit(check, value, schema, { path: "", depth: 0 });
  return check.problems;
}

/** The value is of the schema's types and enums, whatever its lengths and ranges. */
export function fitsSchema(value: JsonValue, schema: JsonSchema, root: JsonSchema): boolean {
  return checkSchema(value, schema, { root, bounds: false }).length === 0;
}

interface Place {
  path: string;
  depth: number;
}

function visit(check: Check, value: JsonValue, schema: JsonSchema, place: Place): void {
  if (check.problems.length >= MAX_PROBLEMS || acceptsAnything(schema)) {
    return;
  }
  if (place.depth > MAX_DEPTH) {
    fail(check, place, "is nested too deep");
    return;
  }
  const resolved = resolveSchema(schema, check.root);
  if (resolved === undefined) {
    fail(check, place, `has a schema with an unknown reference (${schema.$ref ?? "circular"})`);
    return;
  }
  if (!checkType(check, value, resolved, place)) {
    return;
  }
  checkUnions(check, value, resolved, place);
  if (typeof value === "string") {
    checkString(check, value, resolved, place);
  } else if (typeof value === "number") {
    checkNumber(check, value, resolved, place);
  } else if (Array.isArray(value)) {
    checkArray(check, value, resolved, place);
  } else if (isJsonObject(value)) {
    checkObject(check, value, resolved, place);
  }
}

function checkType(check: Check, value: JsonValue, schema: JsonSchema, place: Place): boolean {
  const types = schemaTypes(schema);
  if (types !== undefined && !types.some((type) => isOfType(value, type))) {
    fail(check, place, `must be ${types.map(describeType).join(" or ")}, not ${describeValue(value)}`);
    return false;
  }
  if (schema.const !== undefined && !jsonEquals(value, schema.const)) {
    fail(check, place, `must be ${JSON.stringify(schema.const)}`);
    return false;
  }
  if (schema.enum !== undefined && !schema.enum.some((allowed) => jsonEquals(allowed, value))) {
    const shown = schema.enum.slice(0, SHOWN_ENUM_VALUES).map((allowed) => JSON.stringify(allowed));
    const more = schema.enum.length > SHOWN_ENUM_VALUES ? ", …" : "";
    fail(check, place, `must be one of ${shown.join(", ")}${more}`);
    return false;
  }
  return true;
}

export function isOfType(value: JsonValue, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isJsonObject(value);
    case "integer":
      return typeof value === "number" && Number.isInteger(value);
    case "number":
    case "string":
    case "boolean":
      return typeof value === type;
    default:
      return false;
  }
}

function checkUnions(check: Check, value: JsonValue, schema: JsonSchema, place: Place): void {
  for (const part of schema.allOf ?? []) {
    visit(check, value, part, { path: place.path, depth: place.depth + 1 });
  }
  for (const branches of [schema.anyOf, schema.oneOf]) {
    if (branches === undefined) {
      continue;
    }
    const findings = branches.map((branch) => branchProblems(check, value, branch, place));
    if (findings.some((problems) => problems.length === 0)) {
      continue;
    }
    // A nullable pin has one branch that matters: what that one says is better than "matches none".
    const telling = findings.filter((_, index) => branches[index]?.type !== "null");
    const [only] = telling;
    if (telling.length === 1 && only !== undefined) {
      check.problems.push(...only);
    } else {
      fail(check, place, "has none of the allowed forms");
    }
  }
}

function branchProblems(check: Check, value: JsonValue, branch: JsonSchema, place: Place): SchemaProblem[] {
  const inner: Check = { ...check, problems: [] };
  visit(inner, value, branch, { path: place.path, depth: place.depth + 1 });
  return inner.problems;
}

function checkString(check: Check, value: string, schema: JsonSchema, place: Place): void {
  if (!check.bounds) {
    return;
  }
  if (schema.minLength !== undefined && value.length < schema.minLength) {
    fail(check, place, `must have at least ${count(schema.minLength, "character")}`);
  }
  if (schema.maxLength !== undefined && value.length > schema.maxLength) {
    fail(check, place, `must have at most ${count(schema.maxLength, "character")}`);
  }
  if (check.patterns && schema.pattern !== undefined && !matches(value, schema.pattern)) {
    fail(check, place, `must have the form ${schema.format ?? schema.pattern}`);
  }
}

function matches(value: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    // An expression that is no ECMAScript one cannot say anything about the value.
    return true;
  }
}

function checkNumber(check: Check, value: number, schema: JsonSchema, place: Place): void {
  if (!check.bounds) {
    return;
  }
  if (schema.minimum !== undefined && value < schema.minimum) {
    fail(check, place, `must be at least ${schema.minimum}`);
  }
  if (schema.maximum !== undefined && value > schema.maximum) {
    fail(check, place, `must be at most ${schema.maximum}`);
  }
  if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum) {
    fail(check, place, `must be more than ${schema.exclusiveMinimum}`);
  }
  if (schema.exclusiveMaximum !== undefined && value >= schema.exclusiveMaximum) {
    fail(check, place, `must be less than ${schema.exclusiveMaximum}`);
  }
}

function checkArray(check: Check, value: JsonValue[], schema: JsonSchema, place: Place): void {
  if (check.bounds && schema.minItems !== undefined && value.length < schema.minItems) {
    fail(check, place, `must have at least ${count(schema.minItems, "item")}`);
  }
  if (check.bounds && schema.maxItems !== undefined && value.length > schema.maxItems) {
    fail(check, place, `must have at most ${count(schema.maxItems, "item")}`);
  }
  const prefix = schema.prefixItems ?? [];
  if (prefix.length === 0 && (typeof schema.items !== "object" || acceptsAnything(schema.items))) {
    return;
  }
  for (const [index, element] of value.entries()) {
    const inner = prefix[index] ?? schema.items;
    const at: Place = { path: `${place.path}[${index}]`, depth: place.depth + 1 };
    if (inner === false) {
      fail(check, at, "is one item too many");
    } else if (typeof inner === "object") {
      visit(check, element, inner, at);
    }
    if (check.problems.length >= MAX_PROBLEMS) {
      return;
    }
  }
}

function checkObject(check: Check, value: JsonObject, schema: JsonSchema, place: Place): void {
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) {
      fail(check, below(place, name), "is required");
    }
  }
  const properties = schema.properties ?? {};
  const rest = schema.additionalProperties;
  if (
    schema.properties === undefined &&
    (rest === undefined || rest === true || (rest !== false && acceptsAnything(rest)))
  ) {
    return;
  }
  for (const [name, element] of Object.entries(value)) {
    const inner = getOwn(properties, name) ?? rest;
    if (inner === false) {
      fail(check, below(place, name), "is not known");
    } else if (typeof inner === "object") {
      visit(check, element, inner, below(place, name));
    }
    if (check.problems.length >= MAX_PROBLEMS) {
      return;
    }
  }
}

function below(place: Place, name: string): Place {
  return { path: place.path === "" ? name : `${place.path}.${name}`, depth: place.depth + 1 };
}

function fail(check: Check, place: Place, message: string): void {
  if (check.problems.length < MAX_PROBLEMS) {
    check.problems.push({ path: place.path, message });
  }
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  null: "null",
  boolean: "true or false",
  number: "a number",
  integer: "a whole number",
  string: "a text",
  array: "a list",
  object: "an object",
};

export function describeType(type: string): string {
  return getOwn(TYPE_WORDS, type) ?? type;
}

export function describeValue(value: JsonValue): string {
  if (value === null) {
    return "null";
  }
  if (Array.isArray(value)) {
    return "a list";
  }
  switch (typeof value) {
    case "boolean":
      return String(value);
    case "number":
      return `the number ${value}`;
    case "string":
      return "a text";
    default:
      return "an object";
  }
}
