import type { JsonObject, JsonValue } from "./json.ts";

/** Deepest nesting of arrays and objects that a graph file, an operation or a pin value may have. */
export const MAX_JSON_DEPTH = 100;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export interface JsonFinding {
  path: string;
  message: string;
}

/**
 * The first place at which `value` is not JSON (NaN, undefined, a function, a Date …) or is nested deeper than
 * `maxDepth`; undefined when all of it is fine. Walks with a stack of its own: input nested a million deep cannot
 * overflow the call stack.
 */
export function findNonJson(value: unknown, maxDepth: number = MAX_JSON_DEPTH): JsonFinding | undefined {
  const stack: { value: unknown; path: string; depth: number }[] = [{ value, path: "", depth: 0 }];
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const { path, depth } = item;
    const current = item.value;
    if (!isContainer(current)) {
      const message = scalarProblem(current);
      if (message !== undefined) {
        return { path, message };
      }
      continue;
    }
    if (depth >= maxDepth) {
      return { path, message: `is nested deeper than ${maxDepth} levels` };
    }
    if (Array.isArray(current)) {
      for (let index = current.length - 1; index >= 0; index--) {
        const element: unknown = current[index];
        if (isContainer(element) || scalarProblem(element) !== undefined) {
          stack.push({ value: element, path: `${path}[${index}]`, depth: depth + 1 });
        }
      }
    } else {
      for (const [key, element] of Object.entries(current).reverse()) {
        if (isContainer(element) || scalarProblem(element) !== undefined) {
          stack.push({ value: element, path: path === "" ? key : `${path}.${key}`, depth: depth + 1 });
        }
      }
    }
  }
  return undefined;
}

export function isJsonValue(value: unknown, maxDepth: number = MAX_JSON_DEPTH): value is JsonValue {
  return findNonJson(value, maxDepth) === undefined;
}

function isContainer(value: unknown): value is object {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  if (Array.isArray(value)) {
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // A plain object of another realm (a sandbox, RPC) has another Object.prototype; its own prototype is null all the same.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function scalarProblem(value: unknown): string | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") {
    return undefined;
  }
  if (typeof value === "number") {
    return Number.isFinite(value) ? undefined : "is not a finite number";
  }
  return `is not a JSON value (${typeof value})`;
}

/** Deep equality of JSON values, blind to the order of keys. */
export function jsonEquals(left: unknown, right: unknown): boolean {
  if (left === right) {
    return true;
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((element, index) => jsonEquals(element, right[index]))
    );
  }
  if (!isJsonObject(left) || !isJsonObject(right)) {
    return false;
  }
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && jsonEquals(left[key], right[key]))
  );
}
