import * as z from "zod";
import { GraphError } from "../errors.ts";
import { findNonJson } from "../json-value.ts";
import { graphMetadataSchema, jsonValueSchema, linkSchema, nodeSchema, positionSchema } from "../model/graph-file.ts";
import { isUnsafeName } from "../own-property.ts";

/*
 * The changes that can be made to a graph: by the editor, the API, the CLI and the AI builder alike. An absent `value`
 * or `position` takes the thing away. Every operation has an inverse that is an operation too (`applyGraphOp`).
 */
const id = z.string().min(1).max(200);
const pinName = z.string().min(1).max(500);
/** Place in the list of nodes or links; absent = at the end. The order of links is the order in which values travel. */
const index = z.int().min(0).optional();

export const addNodeSchema = z.object({ type: z.literal("add_node"), node: nodeSchema, index });
/** Takes the node's links away too. */
export const removeNodeSchema = z.object({ type: z.literal("remove_node"), node_id: id });
export const moveNodeSchema = z.object({
  type: z.literal("move_node"),
  node_id: id,
  position: positionSchema.optional(),
});
/** Puts another block in the node's place: how a block that is not installed is replaced. */
export const setBlockSchema = z.object({ type: z.literal("set_block"), node_id: id, block_id: id });
/** One entry of `input_default`. */
export const setInputSchema = z.object({
  type: z.literal("set_input"),
  node_id: id,
  pin: pinName,
  value: jsonValueSchema.optional(),
});
/** One key of the node's metadata, `position` excepted. */
export const setNodeMetadataSchema = z.object({
  type: z.literal("set_node_metadata"),
  node_id: id,
  key: z.string().min(1).max(200),
  value: jsonValueSchema.optional(),
});
export const addLinkSchema = z.object({ type: z.literal("add_link"), link: linkSchema, index });
export const removeLinkSchema = z.object({ type: z.literal("remove_link"), link_id: id });

export const graphFieldsSchema = z.object({
  name: z.string().max(1_000).optional(),
  description: z.string().max(100_000).optional(),
  instructions: z.string().max(100_000).nullish(),
  recommended_schedule_cron: z.string().max(200).nullish(),
  is_active: z.boolean().optional(),
  metadata: graphMetadataSchema.optional(),
});
export type GraphFields = z.infer<typeof graphFieldsSchema>;

/** Fields that a graph may do without, and so `unset` may name. */
export const OPTIONAL_GRAPH_FIELDS = ["instructions", "recommended_schedule_cron", "metadata"] as const;

/** Sets the fields given (renaming among them) and takes away those in `unset`. */
export const setGraphFieldsSchema = z.object({
  type: z.literal("set_graph_fields"),
  fields: graphFieldsSchema,
  unset: z.array(z.enum(OPTIONAL_GRAPH_FIELDS)).optional(),
});

export const singleGraphOpSchema = z.discriminatedUnion("type", [
  addNodeSchema,
  removeNodeSchema,
  moveNodeSchema,
  setBlockSchema,
  setInputSchema,
  setNodeMetadataSchema,
  addLinkSchema,
  removeLinkSchema,
  setGraphFieldsSchema,
]);
export type SingleGraphOp = z.infer<typeof singleGraphOpSchema>;

/** Most operations in one batch. */
export const MAX_BATCH = 20_000;

/** Several operations as one: all or none. */
export const batchSchema = z.object({ type: z.literal("batch"), ops: z.array(singleGraphOpSchema).max(MAX_BATCH) });

export const graphOpSchema = z.discriminatedUnion("type", [...singleGraphOpSchema.options, batchSchema]);
export type GraphOp = z.infer<typeof graphOpSchema>;
export type BatchOp = z.infer<typeof batchSchema>;

const DESCRIBED_KEYS: ReadonlySet<string> = new Set([
  "ops",
  "node",
  "link",
  "fields",
  "position",
  "metadata",
  "weft",
  "retry",
  "cache",
  "pinned",
]);

/**
 * Reads an operation (or a batch) from outside. Throws GraphError `invalid_operation` with one detail per finding,
 * `invalid_name` where a key of the operation's own structure is one of JavaScript's own names: the schema library
 * would drop it without a word.
 */
export function parseGraphOp(value: unknown): GraphOp {
  const finding = findNonJson(value);
  if (finding !== undefined) {
    throw new GraphError("invalid_operation", `The operation is not JSON: ${finding.path} ${finding.message}`, [
      finding,
    ]);
  }
  const unsafe = findUnsafeKey(value, "");
  if (unsafe !== undefined) {
    throw new GraphError("invalid_name", `The operation uses a name that is not allowed: ${unsafe}`, [
      { path: unsafe, code: "invalid_name", message: "This name may not be used as a key here." },
    ]);
  }
  const parsed = graphOpSchema.safeParse(value);
  if (!parsed.success) {
    const details = parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
    throw new GraphError(
      "invalid_operation",
      `This is not a graph operation: ${details[0]?.path ?? ""} ${details[0]?.message ?? ""}`,
      details,
    );
  }
  return parsed.data;
}

/** Looks only at objects that the schema describes: all other values pass as they are, whatever keys they have. */
function findUnsafeKey(value: unknown, path: string): string | undefined {
  if (typeof value !== "object" || value === null) {
    return undefined;
  }
  for (const [key, inner] of Object.entries(value)) {
    const at = path === "" ? key : `${path}.${key}`;
    if (!Array.isArray(value) && isUnsafeName(key)) {
      return at;
    }
    const found = Array.isArray(value) || DESCRIBED_KEYS.has(key) ? findUnsafeKey(inner, at) : undefined;
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}
