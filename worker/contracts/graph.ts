import { z } from "@hono/zod-openapi";
import type { JsonSchema } from "#graph/json.ts";
import type { GraphLink, GraphNode } from "#graph/model/graph-file.ts";
import { jsonObjectSchema } from "./json-value.ts";
import { listOf, pageQuerySchema } from "./list.ts";
import { timeSchema } from "./run-figures.ts";

/**
 * An agent file as it comes in. Only its outline is checked here: `importGraph` reads every variant that exports have and says exactly
 * what is wrong.
 */
export const graphFileSchema = jsonObjectSchema.openapi("GraphFile", {
  type: "object",
  description: "An agent file, as AutoGPT and Weft export it. Its own `id` is not kept: a new graph gets a new one.",
  additionalProperties: true,
  required: ["name", "nodes", "links"],
  properties: {
    name: { type: "string" },
    description: { type: "string" },
    version: { type: "integer", description: "When saving: the version that the change started from." },
    is_active: { type: "boolean", description: "When saving: whether the new version becomes the active one." },
    nodes: {
      type: "array",
      items: {
        type: "object",
        required: ["id", "block_id"],
        properties: {
          id: { type: "string" },
          block_id: { type: "string" },
          input_default: { type: "object", additionalProperties: true },
          metadata: { type: "object", additionalProperties: true },
        },
      },
    },
    links: {
      type: "array",
      items: {
        type: "object",
        required: ["id", "source_id", "sink_id", "source_name", "sink_name"],
        properties: {
          id: { type: "string" },
          source_id: { type: "string" },
          sink_id: { type: "string" },
          source_name: { type: "string" },
          sink_name: { type: "string" },
          is_static: { type: "boolean" },
        },
      },
    },
    sub_graphs: { type: "array", items: { type: "object", additionalProperties: true } },
  },
});

export const graphProblemSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    severity: z.enum(["error", "warning"]).openapi({ description: "With an error the graph does not run." }),
    node_id: z.string().optional(),
    field: z.string().optional().openapi({ description: "Input pin of the node." }),
  })
  .openapi("GraphProblem");
export type GraphProblem = z.infer<typeof graphProblemSchema>;

const graphNodeSchema = z
  .custom<GraphNode>((value) => typeof value === "object" && value !== null)
  .openapi({ type: "object", additionalProperties: true });
const graphLinkSchema = z
  .custom<GraphLink>((value) => typeof value === "object" && value !== null)
  .openapi({ type: "object", additionalProperties: true });
const schemaSchema = z
  .custom<JsonSchema>((value) => typeof value === "object" && value !== null)
  .openapi({ type: "object", additionalProperties: true, description: "A JSON Schema." });

export const graphViewSchema = z
  .looseObject({
    id: z.string(),
    version: z.number().int(),
    is_active: z.boolean().openapi({ description: "This is the version that runs by default." }),
    active_version: z.number().int(),
    latest_version: z.number().int().openapi({ description: "Also the ETag: send it as `If-Match` to save." }),
    name: z.string(),
    description: z.string(),
    nodes: z.array(graphNodeSchema),
    links: z.array(graphLinkSchema),
    input_schema: schemaSchema,
    output_schema: schemaSchema,
    credentials_input_schema: schemaSchema,
    problems: z
      .array(graphProblemSchema)
      .openapi({ description: "What keeps the graph from running, and what may surprise." }),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .openapi("Graph");
export type GraphView = z.infer<typeof graphViewSchema>;

/** With `for_export` the answer is the agent file alone. */
export const graphOrFileSchema = z.union([graphViewSchema, jsonObjectSchema]);

export const graphSummarySchema = z
  .object({
    id: z.string(),
    version: z.number().int().openapi({ description: "The active version." }),
    latest_version: z.number().int(),
    name: z.string(),
    description: z.string(),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .openapi("GraphSummary");
export type GraphSummary = z.infer<typeof graphSummarySchema>;

export const graphListSchema = listOf(graphSummarySchema).openapi("GraphList");

export const graphVersionSummarySchema = z
  .object({
    version: z.number().int(),
    is_active: z.boolean(),
    name: z.string(),
    node_count: z.number().int(),
    created_at: timeSchema,
    created_by: z.string().openapi({ description: "Id of the person." }),
  })
  .openapi("GraphVersionSummary");
export type GraphVersionSummary = z.infer<typeof graphVersionSummarySchema>;

export const graphVersionListSchema = listOf(graphVersionSummarySchema).openapi("GraphVersionList");

/** AutoGPT's body of the same request (autogpt.md §1.2). */
export const setActiveVersionSchema = z
  .strictObject({ active_graph_version: z.int().min(1) })
  .openapi("SetActiveVersion");

const forExport = z.enum(["true", "false"]).default("false").openapi({
  description: "Answer with the agent file to keep or share: no credentials, secrets or ids of this server.",
});

export const graphListQuerySchema = pageQuerySchema.extend({
  search: z.string().max(200).optional().openapi({ description: "Part of the name." }),
});

export const graphQuerySchema = z.object({
  version: z.coerce.number().int().min(1).optional().openapi({ description: "Default: the active version." }),
  for_export: forExport,
});

export const graphVersionQuerySchema = z.object({ for_export: forExport });
