import type { JsonObject, JsonSchema, JsonValue } from "#graph/json.ts";

/** What an answer must be: an object with these keys, or a list of such objects. */
export interface AnswerShape {
  /** Descriptions by key. */
  keys: Record<string, string>;
  list: boolean;
}

/** Name of the property that holds a list, since providers want an object at the top. */
const LIST_KEY = "items";

/** The schema to ask for. */
export function answerSchema(shape: AnswerShape): JsonSchema {
  const item: JsonSchema = {
    type: "object",
    // Own properties, whatever their names.
    properties: Object.fromEntries(Object.entries(shape.keys).map(([key, description]) => [key, { description }])),
    required: Object.keys(shape.keys),
  };
  return shape.list
    ? { type: "object", properties: { [LIST_KEY]: { type: "array", items: item } }, required: [LIST_KEY] }
    : item;
}

export type ReadAnswer = { ok: true; value: JsonObject | JsonObject[] } | { ok: false; problem: string };

/**
 * Reads an answer that should be JSON of the shape, with the usual liberties of models: text or code fences around it, a list within an
 * object of one property, a single object for a list of one and the other way round. `problem` is in words for the model.
 */
export function readAnswer(text: string, shape: AnswerShape): ReadAnswer {
  const candidates = jsonIn(text);
  if (candidates.length === 0) {
    return { ok: false, problem: "There is no complete JSON value in it." };
  }
  let problem = "";
  for (const candidate of candidates) {
    const read = fit(candidate, shape);
    if (read.ok) {
      return read;
    }
    problem ||= read.problem;
  }
  return { ok: false, problem };
}

function fit(value: JsonValue, shape: AnswerShape): ReadAnswer {
  if (!shape.list) {
    const single = Array.isArray(value) && value.length === 1 ? value[0] : value;
    const problem = problemOf(single, shape);
    return problem === undefined && isObject(single)
      ? { ok: true, value: single }
      : { ok: false, problem: problem ?? "It is not an object." };
  }
  const items = listIn(value, shape);
  if (items === undefined) {
    return { ok: false, problem: `It is not a list of objects under the key "${LIST_KEY}".` };
  }
  const objects: JsonObject[] = [];
  for (const [index, item] of items.entries()) {
    const problem = problemOf(item, shape);
    if (problem !== undefined || !isObject(item)) {
      return { ok: false, problem: `Item ${index + 1} of the list: ${problem ?? "It is not an object."}` };
    }
    objects.push(item);
  }
  return { ok: true, value: objects };
}

function listIn(value: JsonValue, shape: AnswerShape): JsonValue[] | undefined {
  if (Array.isArray(value)) {
    return value;
  }
  if (!isObject(value)) {
    return undefined;
  }
  if (problemOf(value, shape) === undefined) {
    return [value];
  }
  const lists = Object.values(value).filter((item) => Array.isArray(item));
  return lists.length === 1 ? lists[0] : undefined;
}

function problemOf(value: JsonValue | undefined, shape: AnswerShape): string | undefined {
  if (!isObject(value)) {
    return "It is not an object.";
  }
  const missing = Object.keys(shape.keys).filter((key) => !Object.hasOwn(value, key));
  return missing.length === 0
    ? undefined
    : `These keys are missing: ${missing.map((key) => JSON.stringify(key)).join(", ")}.`;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Most characters to look at in search of JSON, so that no answer takes long to read. */
const SEARCH_BUDGET = 5_000_000;

/** The JSON objects and lists in a text, outermost and in order. */
function jsonIn(text: string): JsonValue[] {
  const whole = parse(text);
  if (whole !== undefined) {
    return [whole];
  }
  const found: JsonValue[] = [];
  const opening = /\{(?=\s*["}])|\[(?=\s*[[{"\]\dtfn-])/g;
  let budget = SEARCH_BUDGET;
  for (let match = opening.exec(text); match !== null && budget > 0; match = opening.exec(text)) {
    const end = closingOf(text, match.index, budget);
    budget -= end - match.index;
    const value = parse(text.slice(match.index, end));
    if (value !== undefined) {
      found.push(value);
      opening.lastIndex = end;
    }
  }
  return found;
}

function parse(text: string): JsonValue | undefined {
  const trimmed = text.trim();
  if (!/^[{[]/.test(trimmed) || !/[}\]]$/.test(trimmed)) {
    return undefined;
  }
  try {
    return JSON.parse(trimmed) as JsonValue;
  } catch {
    return undefined;
  }
}

/** The position after the bracket that closes the one at `start`, or where the search for it ended. */
function closingOf(text: string, start: number, budget: number): number {
  let depth = 0;
  let inString = false;
  const limit = Math.min(text.length, start + budget);
  for (let at = start; at < limit; at += 1) {
    const letter = text[at];
    if (inString) {
      if (letter === "\\") {
        at += 1;
      } else if (letter === '"') {
        inString = false;
      }
    } else if (letter === '"') {
      inString = true;
    } else if (letter === "{" || letter === "[") {
      depth += 1;
    } else if (letter === "}" || letter === "]") {
      depth -= 1;
      if (depth === 0) {
        return at + 1;
      }
    }
  }
  return limit;
}
