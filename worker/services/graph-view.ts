import type { GraphFile } from "#graph/model/graph-file.ts";
import type { ImportWarning } from "#graph/model/import-graph.ts";
import { computeInputSchema, computeOutputSchema } from "#graph/schema/compute-schemas.ts";
import { computeCredentialsInputSchema } from "#graph/schema/credentials-schema.ts";
import { validateGraph } from "#graph/validation/validate-graph.ts";
import type { GraphProblem, GraphSummary, GraphView } from "#worker/contracts/graph.ts";
import type { GraphRow } from "#worker/db/graph-table.ts";
import type { BlockLibrary } from "./service-deps.ts";

/** A graph version as everybody is shown it: the file, its schemas, and what is wrong with it. */
export function toGraphView(
  graph: GraphFile,
  row: GraphRow,
  from: { blocks: BlockLibrary; warnings?: ImportWarning[] },
): GraphView {
  const { catalog } = from.blocks;
  return {
    ...graph,
    id: row.id,
    version: graph.version,
    is_active: graph.version === row.activeVersion,
    active_version: row.activeVersion,
    latest_version: row.latestVersion,
    input_schema: computeInputSchema(graph, catalog),
    output_schema: computeOutputSchema(graph, catalog),
    credentials_input_schema: computeCredentialsInputSchema(graph, catalog),
    problems: [...problemsOf(graph, from.blocks), ...(from.warnings ?? []).flatMap(toWarning)],
    created_at: new Date(row.createdAt).toISOString(),
    updated_at: new Date(row.updatedAt).toISOString(),
  };
}

export function toGraphSummary(row: GraphRow): GraphSummary {
  return {
    id: row.id,
    version: row.activeVersion,
    latest_version: row.latestVersion,
    name: row.name,
    description: row.description,
    created_at: new Date(row.createdAt).toISOString(),
    updated_at: new Date(row.updatedAt).toISOString(),
  };
}

/** What keeps the graph from running. */
function problemsOf(graph: GraphFile, blocks: BlockLibrary): GraphProblem[] {
  const { errors, warnings, node_errors: nodeErrors } = validateGraph(graph, blocks.catalog, { forRun: true });
  const fields = Object.entries(nodeErrors).flatMap(([nodeId, messages]) =>
    Object.entries(messages).map(([field, message]) => ({
      code: "invalid_field",
      message,
      severity: "error" as const,
      node_id: nodeId,
      field,
    })),
  );
  return [
    ...errors.map(({ code, message, node_id }) => ({ code, message, severity: "error" as const, node_id })),
    ...fields,
    ...warnings.map(({ code, message, node_id }) => ({ code, message, severity: "warning" as const, node_id })),
  ];
}

/** A missing block is a problem of its node already. */
function toWarning({ code, message }: ImportWarning): GraphProblem[] {
  return code === "missing_block" ? [] : [{ code, message, severity: "warning" }];
}
