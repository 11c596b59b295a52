import type { JsonObject, JsonValue } from "#graph/json.ts";
import { MAX_JSON_DEPTH } from "#graph/json-value.ts";

/** A value cannot travel as JSON. The message is a clause: "at a.b[0] is NaN, which …". */
export class NotJsonError extends Error {
  readonly code: "invalid_output" | "value_too_large";
  constructor(code: "invalid_output" | "value_too_large", message: string) {
    super(message);
    this.name = "NotJsonError";
    this.code = code;
  }
}

/**
 * The JSON value that `value` stands for: undefined becomes null (a property that is undefined is left out), a Date its ISO text.
 * Nothing else is guessed. A value that is JSON already is returned itself, not copied, so nobody may change it afterwards.
 *
 * @param maxSize most characters (about bytes) that it may take as JSON text
 * @throws NotJsonError for functions, symbols, BigInt, NaN and Infinity, Map, Set and other class instances, cycles, more than
 *   100 levels, and for more than `maxSize`
 */
export function toJsonValue(value: unknown, maxSize: number): JsonValue {
  // Most outputs are one of these, and need nothing of what follows.
  if ((typeof value === "string" && value.length + 2 <= maxSize) || typeof value === "boolean" || value === null) {
    return value;
  }
  if (typeof value === "number" && Number.isFinite(value)) {
    return Object.is(value, -0) ? 0 : value;
  }
  return new Normaliser(maxSize).visit(value);
}

class Normaliser {
  #left: number;
  readonly #maxSize: number;
  readonly #ancestors = new Set<object>();
  readonly #path: (string | number)[] = [];

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
    this.#left = maxSize;
  }

  visit(value: unknown): JsonValue {
    switch (typeof value) {
      case "string":
        this.#spend(value.length + 2);
        return value;
      case "boolean":
        this.#spend(5);
        return value;
      case "number":
        return Number.isFinite(value) ? this.#number(value) : this.#refuse(`${value}, which JSON does not have`);
      case "undefined":
        this.#spend(4);
        return null;
      case "object":
        return value === null ? this.#null() : this.#container(value);
      default:
        return this.#refuse(`a ${typeof value}, which JSON does not have`);
    }
  }

  #null(): null {
    this.#spend(4);
    return null;
  }

  #number(value: number): number {
    this.#spend(8);
    return Object.is(value, -0) ? 0 : value;
  }

  #container(value: object): JsonValue {
    if (value instanceof Date) {
      return Number.isNaN(value.getTime()) ? this.#refuse("a date that does not exist") : value.toISOString();
    }
    if (this.#ancestors.has(value)) {
      return this.#refuse("a value that contains itself");
    }
    if (this.#ancestors.size >= MAX_JSON_DEPTH) {
      return this.#refuse(`nested deeper than ${MAX_JSON_DEPTH} levels`);
    }
    this.#spend(2);
    this.#ancestors.add(value);
    const result = Array.isArray(value) ? this.#list(value as unknown[]) : this.#object(value);
    this.#ancestors.delete(value);
    return result;
  }

  #list(list: unknown[]): JsonValue[] {
    let copy: JsonValue[] | undefined;
    for (let index = 0; index < list.length; index += 1) {
      const item = list[index];
      const normal = this.#child(index, item);
      if (!Object.is(normal, item) && copy === undefined) {
        copy = list.slice(0, index) as JsonValue[];
      }
      copy?.push(normal);
    }
    return copy ?? (list as JsonValue[]);
  }

  #object(object: object): JsonObject {
    const prototype: unknown = Object.getPrototypeOf(object);
    // A plain object of another realm has another Object.prototype; its own prototype is null all the same.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      this.#refuse(`an object of class ${object.constructor?.name ?? "unknown"}, which JSON does not have`);
    }
    const given = object as Record<string, unknown>;
    const keys = Object.keys(object);
    let entries: [string, JsonValue][] | undefined;
    for (const [index, key] of keys.entries()) {
      const item = given[key];
      if (item === undefined) {
        entries ??= entriesOf(given, keys.slice(0, index));
        continue;
      }
      this.#spend(key.length + 4);
      const normal = this.#child(key, item);
      if (entries === undefined && !Object.is(normal, item)) {
        entries = entriesOf(given, keys.slice(0, index));
      }
      entries?.push([key, normal]);
    }
    return entries === undefined ? (object as JsonObject) : Object.fromEntries(entries);
  }

  #child(key: string | number, value: unknown): JsonValue {
    this.#path.push(key);
    const normal = this.visit(value);
    this.#path.pop();
    return normal;
  }

  #spend(size: number): void {
    this.#left -= size;
    if (this.#left < 0) {
      throw new NotJsonError("value_too_large", `is larger than ${this.#maxSize.toLocaleString("en")} characters`);
    }
  }

  #refuse(what: string): never {
    const path = this.#path.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
    const place = path === "" ? "" : `at ${path.replace(/^\./, "")} `;
    throw new NotJsonError("invalid_output", `${place}is ${what}`);
  }
}

/** Of properties that were found to be JSON. */
function entriesOf(object: Record<string, unknown>, keys: readonly string[]): [string, JsonValue][] {
  return keys.map((key) => [key, object[key] as JsonValue]);
}
