import { asList, asRecord, asText } from "./fake-reply.ts";

const LIST_LENGTH = 2;
const MAX_DEPTH = 8;

/** A value that a JSON Schema accepts, made of the prompt's words. The same schema and prompt always give the same value. */
export function fillSchema(schema: unknown, prompt: string): unknown {
  return fill(schema, { name: "value", prompt: prompt.trim().replace(/\s+/g, " ").slice(0, 80), depth: 0 });
}

interface Place {
  name: string;
  prompt: string;
  depth: number;
}

function fill(schema: unknown, place: Place): unknown {
  const rule = asRecord(schema);
  const fixed = [rule.const, rule.default, asList(rule.enum)[0], asList(rule.examples)[0]].find(
    (value) => value !== undefined,
  );
  if (fixed !== undefined) {
    return fixed;
  }
  const options = [...asList(rule.anyOf), ...asList(rule.oneOf), ...asList(rule.allOf)];
  if (options.length > 0) {
    return fill(options[0], place);
  }
  const type = Array.isArray(rule.type) ? rule.type.find((name) => name !== "null") : rule.type;
  switch (type ?? (rule.properties === undefined ? "string" : "object")) {
    case "object":
      return fillObject(rule, place);
    case "array":
      return fillArray(rule, place);
    case "integer":
    case "number":
      return typeof rule.minimum === "number" ? rule.minimum : 1;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return fillText(rule, place);
  }
}

function fillObject(rule: Record<string, unknown>, place: Place): unknown {
  if (place.depth >= MAX_DEPTH) {
    return {};
  }
  const properties = Object.entries(asRecord(rule.properties));
  // Own properties, whatever their names.
  return Object.fromEntries(
    properties.map(([name, part]) => [name, fill(part, { ...place, name, depth: place.depth + 1 })]),
  );
}

function fillArray(rule: Record<string, unknown>, place: Place): unknown {
  if (place.depth >= MAX_DEPTH) {
    return [];
  }
  const length = typeof rule.minItems === "number" ? rule.minItems : LIST_LENGTH;
  return Array.from({ length }, (_, index) =>
    fill(rule.items, { ...place, name: `${place.name} ${index + 1}`, depth: place.depth + 1 }),
  );
}

function fillText(rule: Record<string, unknown>, place: Place): string {
  const about = asText(rule.description) || place.name;
  return `${about} for "${place.prompt}"`;
}
