import type * as z from "zod";

/**
 * What zod's parser would give for plain input, without its cost: Workers may not generate code, and zod's other way takes longer than most blocks run.
 * Knows only schemas that do nothing but look at one value: no checks, no conversions, no unions. Everything else, and whatever does not
 * fit, is left to zod, which also finds the words for what is wrong.
 */

type Test = (value: unknown) => boolean;

interface Field {
  name: string;
  test: Test;
  /** May be absent; then this stands for it, if it is defined. */
  absent: { value: () => unknown } | undefined;
}

const objects = new WeakMap<z.ZodType, readonly Field[] | null>();
const tests = new WeakMap<z.ZodType, Test | null>();

/** The parsed object, or undefined when zod must be asked. */
export function quickParse(schema: z.ZodObject, input: Record<string, unknown>): Record<string, unknown> | undefined {
  let fields = objects.get(schema);
  if (fields === undefined) {
    fields = fieldsOf(schema);
    objects.set(schema, fields);
  }
  if (fields === null) {
    return undefined;
  }
  const parsed: Record<string, unknown> = {};
  for (const { name, test, absent } of fields) {
    const value = Object.hasOwn(input, name) ? input[name] : undefined;
    if (value !== undefined) {
      if (!test(value)) {
        return undefined;
      }
      parsed[name] = value;
    } else if (absent === undefined) {
      return undefined;
    } else {
      const otherwise = absent.value();
      if (otherwise !== undefined) {
        parsed[name] = otherwise;
      }
    }
  }
  return parsed;
}

/** Whether a value is surely one that the schema takes as it is. */
export function quicklyFits(schema: z.ZodType, value: unknown): boolean {
  let test = tests.get(schema);
  if (test === undefined) {
    test = testOf(schema);
    tests.set(schema, test);
  }
  return test?.(value) === true;
}

function fieldsOf(schema: z.ZodObject): readonly Field[] | null {
  const { def } = schema._zod;
  // A catchall keeps or refuses what the shape does not name; without one it is left out.
  if (def.catchall !== undefined || hasChecks(def)) {
    return null;
  }
  const fields: Field[] = [];
  for (const [name, field] of Object.entries(def.shape)) {
    const made = fieldOf(name, field as z.ZodType);
    if (made === null || name === "__proto__") {
      return null;
    }
    fields.push(made);
  }
  return fields;
}

function fieldOf(name: string, schema: z.ZodType): Field | null {
  const { def } = schema._zod as { def: Definition };
  if (def.type === "default" || def.type === "optional") {
    const test = def.innerType === undefined ? null : testOf(def.innerType);
    // The getter makes a new object each time.
    const value = def.type === "default" ? () => def.defaultValue : () => undefined;
    return test === null || hasChecks(def) ? null : { name, test, absent: { value } };
  }
  const test = testOf(schema);
  return test === null ? null : { name, test, absent: undefined };
}

interface Definition {
  type: string;
  checks?: unknown[];
  format?: string;
  innerType?: z.ZodType;
  defaultValue?: unknown;
  entries?: Record<string, string | number>;
  fn?: (value: unknown) => unknown;
}

function hasChecks(def: { checks?: unknown[] | undefined }): boolean {
  return def.checks !== undefined && def.checks.length > 0;
}

function testOf(schema: z.ZodType): Test | null {
  const { def } = schema._zod as { def: Definition };
  if (hasChecks(def)) {
    return null;
  }
  switch (def.type) {
    case "string":
      return def.format === undefined ? (value) => typeof value === "string" : null;
    case "boolean":
      return (value) => typeof value === "boolean";
    case "number":
      return numberTest(def.format);
    case "enum": {
      const choices = new Set(Object.values(def.entries ?? {}));
      return (value) => typeof value === "string" && choices.has(value);
    }
    case "any":
    case "unknown":
      return (value) => value !== undefined;
    case "custom": {
      const { fn } = def;
      return fn === undefined ? null : (value) => fn(value) === true;
    }
    case "nullable": {
      const inner = def.innerType === undefined ? null : testOf(def.innerType);
      return inner === null ? null : (value) => value === null || inner(value);
    }
    default:
      return null;
  }
}

function numberTest(format: string | undefined): Test | null {
  if (format === undefined) {
    return (value) => typeof value === "number" && Number.isFinite(value);
  }
  return format === "safeint" ? (value) => Number.isSafeInteger(value) : null;
}
