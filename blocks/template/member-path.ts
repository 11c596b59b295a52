import { type Plain, Tuple } from "./runtime-values.ts";

/** The member of plain data that a list of names and positions leads to; undefined when there is none. */
export function memberOf(value: Plain, path: readonly string[]): Plain {
  let found = value;
  for (const part of path) {
    if (found instanceof Map) {
      found = found.get(part);
    } else if (found instanceof Tuple && found.names.includes(part)) {
      found = found[found.names.indexOf(part)];
    } else {
      found = Array.isArray(found) && /^\d+$/.test(part) ? found[Number(part)] : undefined;
    }
  }
  return found;
}

/** The member at a dotted path (`author.name`, `items.0`), or the value itself when there is no path. */
export function memberAt(value: Plain, path: Plain): Plain {
  return path === undefined || path === null ? value : memberOf(value, String(path).split("."));
}
