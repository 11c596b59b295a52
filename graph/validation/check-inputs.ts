import type { JsonObject, JsonSchema } from "../json.ts";
import { findNonJson, isJsonObject } from "../json-value.ts";
import { getOwn, isUnsafeName, recordOf, setOwn } from "../own-property.ts";
import { checkSchema } from "../pins/check-schema.ts";
import { coerce } from "../pins/coerce.ts";
import { REQUIRED_MESSAGE, sentence } from "../pins/prepare-input.ts";

export type CheckedInputs =
  | { ok: true; inputs: JsonObject }
  /** By input name: what is wrong. The key is empty when the inputs are no object at all. */
  | { ok: false; errors: Record<string, string> };

const SHOWN_NAMES = 30;

/**
 * Checks the inputs of a run against the agent's computed `input_schema`, at every entrance: names must be known,
 * required ones given, and values of the right type or plainly convertible to it ("3" for a number, but not "abc").
 * Null counts as not given. Returns the converted values.
 */
export function checkRunInputs(inputSchema: JsonSchema, inputs: unknown): CheckedInputs {
  if (!isJsonObject(inputs)) {
    return { ok: false, errors: { "": "The inputs must be an object of values by input name." } };
  }
  const properties = inputSchema.properties ?? {};
  const checked: JsonObject = {};
  const errors = new Map<string, string>();
  for (const [name, value] of Object.entries(inputs)) {
    const schema = isUnsafeName(name) ? undefined : getOwn(properties, name);
    if (schema === undefined) {
      errors.set(name, unknownName(Object.keys(properties)));
      continue;
    }
    if (value === null) {
      continue;
    }
    const finding = findNonJson(value);
    if (finding !== undefined) {
      errors.set(name, sentence(finding.message, finding.path));
      continue;
    }
    const converted = coerce(value, schema, { root: inputSchema, strict: true });
    const problem = converted.ok ? firstProblem(converted.value, schema, inputSchema) : sentence(converted.message);
    if (problem !== undefined) {
      errors.set(name, problem);
    } else if (converted.ok) {
      setOwn(checked, name, converted.value);
    }
  }
  for (const name of inputSchema.required ?? []) {
    if (!Object.hasOwn(checked, name) && !errors.has(name)) {
      errors.set(name, REQUIRED_MESSAGE);
    }
  }
  return errors.size === 0 ? { ok: true, inputs: checked } : { ok: false, errors: recordOf(errors) };
}

function firstProblem(value: JsonObject[string], schema: JsonSchema, root: JsonSchema): string | undefined {
  const [problem] = checkSchema(value, schema, { root });
  return problem === undefined ? undefined : sentence(problem.message, problem.path);
}

function unknownName(known: string[]): string {
  if (known.length === 0) {
    return "The agent has no such input; it takes no inputs at all.";
  }
  const shown = known.slice(0, SHOWN_NAMES).join(", ");
  return `The agent has no such input. Its inputs are: ${shown}${known.length > SHOWN_NAMES ? ", …" : ""}.`;
}
