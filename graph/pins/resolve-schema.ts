import type { JsonSchema } from "../json.ts";
import { getOwn } from "../own-property.ts";

const MAX_REFS = 32;

/**
 * Follows `$ref` (`#`, `#/$defs/Name`, `#/definitions/Name` and other pointers within `root`). Keywords beside the
 * `$ref` are laid over what it points to. Undefined when the reference leads nowhere or round in a circle.
 */
export function resolveSchema(schema: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  let current = schema;
  for (let hops = 0; current.$ref !== undefined; hops++) {
    const target = hops < MAX_REFS ? lookUp(current.$ref, root) : undefined;
    if (target === undefined) {
      return undefined;
    }
    const { $ref: _, ...beside } = current;
    current = Object.keys(beside).length === 0 ? target : { ...target, ...beside };
  }
  return current;
}

function lookUp(ref: string, root: JsonSchema): JsonSchema | undefined {
  if (ref === "#") {
    return root;
  }
  if (!ref.startsWith("#/")) {
    return undefined;
  }
  let current: unknown = root;
  for (const part of ref.slice(2).split("/")) {
    if (typeof current !== "object" || current === null) {
      return undefined;
    }
    current = getOwn(current as Record<string, unknown>, part.replaceAll("~1", "/").replaceAll("~0", "~"));
  }
  return typeof current === "object" && current !== null ? (current as JsonSchema) : undefined;
}

export type JsonTypeName = "null" | "boolean" | "number" | "integer" | "string" | "array" | "object";

/** The types that a schema names; undefined when it names none, so that any value may be of the right type. */
export function schemaTypes(schema: JsonSchema): string[] | undefined {
  if (schema.type !== undefined) {
    return Array.isArray(schema.type) ? schema.type : [schema.type];
  }
  return undefined;
}

/** Branches of a union: `anyOf`, `oneOf`, or several types in `type`; undefined for anything else. */
export function unionBranches(schema: JsonSchema): JsonSchema[] | undefined {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) {
    return branches;
  }
  if (Array.isArray(schema.type) && schema.type.length > 1) {
    return schema.type.map((type) => ({ ...schema, type }));
  }
  return undefined;
}

/** True when null is a valid value of the schema. */
export function acceptsNull(schema: JsonSchema, root: JsonSchema, depth = 0): boolean {
  const resolved = resolveSchema(schema, root);
  if (resolved === undefined || depth > MAX_REFS) {
    return false;
  }
  const union = resolved.anyOf ?? resolved.oneOf;
  if (union !== undefined) {
    return union.some((branch) => acceptsNull(branch, root, depth + 1));
  }
  if (resolved.allOf !== undefined && !resolved.allOf.every((part) => acceptsNull(part, root, depth + 1))) {
    return false;
  }
  if (resolved.const !== undefined) {
    return resolved.const === null;
  }
  if (resolved.enum !== undefined && !resolved.enum.includes(null)) {
    return false;
  }
  const types = schemaTypes(resolved);
  return types === undefined || types.includes("null");
}

const ANNOTATIONS: ReadonlySet<string> = new Set([
  "title",
  "description",
  "default",
  "examples",
  "format",
  "advanced",
  "secret",
  "hidden",
  "placeholder",
  "depends_on",
]);
const anything = new WeakMap<JsonSchema, boolean>();

/** True for a schema that says nothing about the value, so that neither it nor what is in it needs to be looked at. */
export function acceptsAnything(schema: JsonSchema): boolean {
  let known = anything.get(schema);
  if (known === undefined) {
    known = Object.keys(schema).every((keyword) => ANNOTATIONS.has(keyword));
    anything.set(schema, known);
  }
  return known;
}
