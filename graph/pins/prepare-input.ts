import { GraphError } from "../errors.ts";
import type { JsonObject, JsonSchema, JsonValue } from "../json.ts";
import { getOwn, recordOf, setOwn } from "../own-property.ts";
import { checkSchema } from "./check-schema.ts";
import { coerce } from "./coerce.ts";
import { mergeDynamicInput } from "./dynamic-pins.ts";
import { fitsAsIs } from "./fits-as-is.ts";
import { acceptsNull } from "./resolve-schema.ts";

export type PreparedInput =
  | { ok: true; input: JsonObject }
  /** By pin: what is wrong, as a sentence. The key is empty where no single pin is at fault. */
  | { ok: false; errors: Record<string, string> };

export const REQUIRED_MESSAGE = "This field is required";

export interface PrepareOptions {
  /** False for a schema that came with a graph file (agent nodes): its `pattern`s are not run. Default true. */
  trusted?: boolean;
}

/**
 * The input that a block runs with (autogpt.md §4.3, step 4): the values that arrived lie over the node's defaults,
 * dynamic pins are expanded, types converted, the block's own defaults filled in, required pins and the schema checked.
 * Null on a pin that does not take null counts as absent. Keys that the schema does not know are kept.
 */
export function prepareInput(
  inputSchema: JsonSchema,
  inputDefault: JsonObject,
  data: JsonObject,
  options: PrepareOptions = {},
): PreparedInput {
  let merged: JsonObject;
  try {
    merged = mergeDynamicInput({ ...inputDefault, ...data });
  } catch (error) {
    if (error instanceof GraphError) {
      return { ok: false, errors: recordOf([[error.details[0]?.path ?? "", error.message]]) };
    }
    throw error;
  }
  const { properties, pins, required } = pinsOf(inputSchema);
  const input: JsonObject = {};
  const errors = new Map<string, string>();
  for (const name of Object.keys(merged)) {
    if (getOwn(properties, name) === undefined) {
      setOwn(input, name, merged[name] ?? null);
    }
  }
  for (const [name, schema] of pins) {
    const given = getOwn(merged, name);
    if (given !== undefined && fitsAsIs(given, schema)) {
      setOwn(input, name, given);
      continue;
    }
    const pin = preparePin(schema, given, inputSchema, options);
    if ("error" in pin) {
      errors.set(name, pin.error);
    } else if (pin.value !== undefined) {
      setOwn(input, name, pin.value);
    } else if (required.has(name)) {
      errors.set(name, REQUIRED_MESSAGE);
    }
  }
  for (const name of required) {
    if (!Object.hasOwn(input, name) && !errors.has(name)) {
      errors.set(name, REQUIRED_MESSAGE);
    }
  }
  return errors.size === 0 ? { ok: true, input } : { ok: false, errors: recordOf(errors) };
}

interface Pins {
  properties: Record<string, JsonSchema>;
  pins: readonly [name: string, schema: JsonSchema][];
  required: ReadonlySet<string>;
}

const known = new WeakMap<JsonSchema, Pins>();

/** A schema's pins, taken apart once: a block may run thousands of times. */
function pinsOf(inputSchema: JsonSchema): Pins {
  let pins = known.get(inputSchema);
  if (pins === undefined) {
    const properties = inputSchema.properties ?? {};
    pins = { properties, pins: Object.entries(properties), required: new Set(inputSchema.required ?? []) };
    known.set(inputSchema, pins);
  }
  return pins;
}

function preparePin(
  schema: JsonSchema,
  given: JsonValue | undefined,
  root: JsonSchema,
  options: PrepareOptions,
): { value: JsonValue | undefined } | { error: string } {
  if (given === undefined || (given === null && !acceptsNull(schema, root))) {
    return { value: schema.default };
  }
  const converted = coerce(given, schema, { root });
  if (!converted.ok) {
    return { error: sentence(converted.message) };
  }
  const problems = checkSchema(converted.value, schema, { root, patterns: options.trusted ?? true });
  if (problems.length > 0) {
    return { error: problems.map(({ path, message }) => sentence(message, path)).join("; ") };
  }
  return converted;
}

/** "The value must be at least 1", "The value at a.b[0] must be a text". */
export function sentence(clause: string, path = ""): string {
  return `The value ${path === "" ? "" : `at ${path} `}${clause}`;
}
