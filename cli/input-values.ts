import type { JsonObject, JsonSchema, JsonValue } from "#graph/json.ts";
import { recordOf } from "#graph/own-property.ts";
import { UsageError } from "./command.ts";
import { jsonOrText } from "./json-or-text.ts";
import { readJsonFile } from "./read-file.ts";

/**
 * The inputs of a run from `--input-file FILE` and, over it, `--input NAME=VALUE`. A value is taken as JSON when it is JSON and the
 * agent's input schema wants something else than a text there; otherwise it is the text as typed.
 */
export function inputValues(
  given: { inputs: string[]; file?: string | undefined },
  inputSchema: JsonSchema,
): JsonObject {
  const values = new Map<string, JsonValue>(given.file === undefined ? [] : Object.entries(fileValues(given.file)));
  for (const text of given.inputs) {
    const equals = text.indexOf("=");
    if (equals < 1) throw new UsageError(`--input ${text}: write it as NAME=VALUE.`);
    const name = text.slice(0, equals);
    values.set(name, inputValue(text.slice(equals + 1), propertyOf(inputSchema, name)));
  }
  return Object.fromEntries(values);
}

/** Values by pin from `--input PIN=VALUE`, taken as JSON where they are JSON. */
export function pinValues(given: string[]): JsonObject {
  return recordOf(
    given.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`--input takes PIN=VALUE, not "${pair}".`);
      return [pair.slice(0, at), jsonOrText(pair.slice(at + 1))] as const;
    }),
  );
}

function inputValue(text: string, schema: JsonSchema | undefined): JsonValue {
  if (wantsText(schema)) return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

function wantsText(schema: JsonSchema | undefined): boolean {
  if (schema === undefined) return false;
  const { type, enum: choices, anyOf } = schema;
  if (type === "string") return true;
  if (Array.isArray(choices)) return choices.every((choice) => typeof choice === "string");
  return Array.isArray(anyOf) && anyOf.length > 0 && anyOf.every((part) => isSchema(part) && isTextOrNull(part));
}

function isTextOrNull(schema: JsonSchema): boolean {
  return schema["type"] === "null" || wantsText(schema);
}

function propertyOf(schema: JsonSchema, name: string): JsonSchema | undefined {
  const { properties } = schema;
  if (!isSchema(properties) || !Object.hasOwn(properties, name)) return undefined;
  const property: unknown = properties[name];
  return isSchema(property) ? property : undefined;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object out of a file. */
export function fileValues(path: string): JsonObject {
  const value = readJsonFile(path);
  if (!isSchema(value)) throw new UsageError(`${path} must hold an object: {"input name": value, …}.`);
  return value as JsonObject;
}
