import type { RenderBudget } from "./render-budget.ts";
import type { Plain } from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";

/** Python's `==`: by value, deeply; `True == 1`. */
export function equalValues(a: Plain, b: Plain): boolean {
  if (typeof a === "boolean" && typeof b === "number") {
    return Number(a) === b;
  }
  if (typeof a === "number" && typeof b === "boolean") {
    return a === Number(b);
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equalValues(item, b[index]));
  }
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([key, item]) => b.has(key) && equalValues(item, b.get(key)));
  }
  return a === b;
}

/**
 * Order of two values: numbers (and booleans) by size, texts by code point, lists element by element.
 * @throws BlockError `template_failed` when Python has no order for the two
 */
export function orderValues(a: Plain, b: Plain): number {
  if (isNumeric(a) && isNumeric(b)) {
    return Number(a) - Number(b);
  }
  if (typeof a === "string" && typeof b === "string") {
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    for (const [index, item] of a.entries()) {
      if (index >= b.length) {
        return 1;
      }
      const order = orderValues(item, b[index]);
      if (order !== 0) {
        return order;
      }
    }
    return a.length - b.length;
  }
  throw templateFailed(`${kindOf(a)} and ${kindOf(b)} have no order.`);
}

export function isNumeric(value: Plain): value is number | boolean {
  return typeof value === "number" || typeof value === "boolean";
}

/** Jinja's truth: empty texts, lists and mappings, zero, none and undefined are false. */
export function isTruthy(value: Plain): boolean {
  if (Array.isArray(value)) {
    return value.length > 0;
  }
  return value instanceof Map ? value.size > 0 : Boolean(value);
}

/** A name for the kind of a value in messages to people. */
export function kindOf(value: Plain): string {
  if (value === undefined || value === null) {
    return value === null ? "none" : "an undefined value";
  }
  if (Array.isArray(value)) {
    return "a list";
  }
  if (value instanceof Map) {
    return "a dictionary";
  }
  return { string: "a text", number: "a number", boolean: "a boolean" }[typeof value as "string"] ?? typeof value;
}

/** `item in container`. */
export function containsValue(container: Plain, item: Plain, budget: RenderBudget): boolean {
  if (typeof container === "string" && typeof item === "string") {
    budget.spend(container.length);
    return container.includes(item);
  }
  if (Array.isArray(container)) {
    return container.some((element) => equalValues(element, item));
  }
  if (container instanceof Map) {
    return typeof item === "string" && container.has(item);
  }
  if (container === undefined) {
    return false;
  }
  throw templateFailed(`"in" cannot search ${kindOf(container)} for ${kindOf(item)}.`);
}

/** The elements of a value as a loop or filter sees them: characters of a text, keys of a dictionary. */
export function elementsOf(value: Plain): Plain[] {
  if (Array.isArray(value)) {
    return value;
  }
  if (typeof value === "string") {
    return Array.from(value);
  }
  if (value instanceof Map) {
    return [...value.keys()];
  }
  if (value === undefined) {
    return [];
  }
  throw templateFailed(`${kindOf(value)} is not a list.`);
}
