import type { JsonSchema } from "#graph/json.ts";
import { resolveSchema, schemaTypes } from "#graph/pins/resolve-schema.ts";
import type { PinType } from "./drawing.ts";

const KINDS: ReadonlyMap<string, PinType> = new Map([
  ["string", "string"],
  ["number", "number"],
  ["integer", "number"],
  ["boolean", "boolean"],
  ["array", "array"],
  ["object", "object"],
]);

/** The one type that a pin has besides null; `any` when there are several or none is named. */
export function pinType(schema: JsonSchema, root: JsonSchema): PinType {
  const resolved = resolveSchema(schema, root) ?? {};
  const branches = resolved.anyOf ?? resolved.oneOf ?? [resolved];
  const kinds = new Set<PinType>();
  for (const branch of branches) {
    for (const name of schemaTypes(resolveSchema(branch, root) ?? {}) ?? ["any"]) {
      if (name !== "null") {
        kinds.add(KINDS.get(name) ?? "any");
      }
    }
  }
  const [only] = kinds;
  return kinds.size === 1 && only !== undefined ? only : "any";
}
