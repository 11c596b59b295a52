/**
 * Objects built from names that come from outside. `__proto__` as a key in data is kept as an ordinary own property;
 * as the name of a node, a pin or an input it is refused (`isUnsafeName`).
 */

const UNSAFE_NAMES: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** True for names that may not be given to nodes, links, pins, inputs and outputs. */
export function isUnsafeName(name: string): boolean {
  return UNSAFE_NAMES.has(name);
}

/** The own property `key`, or undefined; never looks at the prototype. */
export function getOwn<T>(object: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets an own property, also when `key` is `__proto__`. */
export function setOwn<T>(object: Record<string, T>, key: string, value: T): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}

/**
 * A record of the given entries in which every key, `__proto__` included, is an own property. The last of equal keys
 * wins.
 */
export function recordOf<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const record: Record<string, T> = {};
  for (const [key, value] of entries) {
    setOwn(record, key, value);
  }
  return record;
}
