import { v7 as uuidv7 } from "uuid";
import type { JsonObject } from "#graph/json.ts";
import { exportGraph } from "#graph/model/export-graph.ts";
import type { GraphFile } from "#graph/model/graph-file.ts";
import { importGraph } from "#graph/model/import-graph.ts";
import { validateGraph } from "#graph/validation/validate-graph.ts";
import type { Principal } from "#worker/auth/principal.ts";
import type { GraphSummary, GraphVersionSummary, GraphView } from "#worker/contracts/graph.ts";
import { DEFAULT_PAGE } from "#worker/contracts/list.ts";
import type { List } from "#worker/contracts/list.ts";
import { deleteGraphContent, loadGraphContent, storeGraphContent } from "#worker/db/graph-content.ts";
import * as graphTable from "#worker/db/graph-table.ts";
import type { GraphRow } from "#worker/db/graph-table.ts";
import * as versionTable from "#worker/db/graph-version-table.ts";
import { adoptGraph } from "./adopt-graph.ts";
import { refusingGraphs } from "./graph-refusal.ts";
import { toGraphSummary, toGraphView } from "./graph-view.ts";
import { decodeCursor, decodeNumberCursor, encodeCursor } from "./list-cursor.ts";
import { requirePermission } from "./require-permission.ts";
import { graphHasChanged } from "./runnable-graph.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { notFound, ServiceError } from "./service-error.ts";

/**
 * Stores an agent file as a new graph with an id of its own. Nothing of it is run. Unknown blocks are kept and told as problems.
 * @throws ServiceError 422 `invalid_graph` for a file that does not hold together, 400 `invalid_name`, 413 `graph_too_large`.
 */
export async function createGraph(deps: ServiceDeps, principal: Principal, file: unknown): Promise<GraphView> {
  requirePermission(principal, "WRITE_GRAPH");
  const { graph: imported, warnings } = refusingGraphs(() => importGraph(file, deps.blocks.catalog));
  const graph = adoptGraph(imported, { id: uuidv7(), version: 1 });
  requireSound(graph, deps);
  const now = deps.now();
  const row: GraphRow = {
    id: graph.id,
    workspaceId: principal.workspaceId,
    name: graph.name,
    description: graph.description,
    activeVersion: 1,
    latestVersion: 1,
    createdAt: now,
    updatedAt: now,
  };
  await graphTable.insertGraph(deps.db, row, await toVersionRow(deps, principal, graph));
  return toGraphView(graph, row, { blocks: deps.blocks, warnings });
}

export async function getGraph(
  deps: ServiceDeps,
  principal: Principal,
  key: { graphId: string; version?: number },
): Promise<GraphView> {
  requirePermission(principal, "READ_GRAPH");
  const { row, graph } = await load(deps, principal, key);
  return toGraphView(graph, row, { blocks: deps.blocks });
}

/** The agent file to keep or share: without credentials, secrets and owner (autogpt.md §3.1). */
export async function exportGraphFile(
  deps: ServiceDeps,
  principal: Principal,
  key: { graphId: string; version?: number },
): Promise<{ fileName: string; file: JsonObject }> {
  requirePermission(principal, "READ_GRAPH");
  const { graph } = await load(deps, principal, key);
  const name = graph.name.replaceAll(/[^\w.-]+/g, "_").slice(0, 80) || "agent";
  return { fileName: `${name}_v${graph.version}.json`, file: exportGraph(graph, deps.blocks.catalog) };
}

export async function listGraphs(
  deps: ServiceDeps,
  principal: Principal,
  query: { cursor?: string; limit?: number; search?: string },
): Promise<List<GraphSummary>> {
  requirePermission(principal, "READ_GRAPH");
  const page = await graphTable.listGraphs(deps.db, {
    workspaceId: principal.workspaceId,
    search: query.search === "" ? undefined : query.search,
    after: decodeCursor(query.cursor),
    limit: query.limit ?? DEFAULT_PAGE,
  });
  return { items: page.items.map(toGraphSummary), next_cursor: encodeCursor(page.next) };
}

/**
 * Saves a new version, provided that nobody else did since `base` (default: the file's own `version`). It becomes the active one unless
 * the file says `is_active: false`.
 * @throws ServiceError 412 `version_conflict` with `details.current_version`, 428 `precondition_required` without any base.
 */
export async function saveGraph(
  deps: ServiceDeps,
  principal: Principal,
  change: { graphId: string; file: JsonObject; base: number | undefined },
): Promise<GraphView> {
  requirePermission(principal, "WRITE_GRAPH");
  const key = { workspaceId: principal.workspaceId, graphId: change.graphId };
  const row = await requireGraph(deps, key);
  const base = change.base ?? ownVersion(change.file);
  if (base !== row.latestVersion) {
    throw versionConflict(row);
  }
  const { graph: imported, warnings } = refusingGraphs(() => importGraph(change.file, deps.blocks.catalog));
  const graph = adoptGraph(imported, { id: row.id, version: base + 1 });
  requireSound(graph, deps);
  const version = await toVersionRow(deps, principal, graph);
  const activate = graph.is_active;
  const saved = await versionTable.appendGraphVersion(deps.db, {
    ...version,
    description: graph.description,
    activate,
  });
  if (!saved) {
    throw versionConflict(await requireGraph(deps, key));
  }
  await graphHasChanged(deps, key);
  const next: GraphRow = {
    ...row,
    name: graph.name,
    description: graph.description,
    latestVersion: graph.version,
    activeVersion: activate ? graph.version : row.activeVersion,
    updatedAt: version.createdAt,
  };
  return toGraphView(graph, next, { blocks: deps.blocks, warnings });
}

export async function deleteGraph(deps: ServiceDeps, principal: Principal, graphId: string): Promise<void> {
  requirePermission(principal, "WRITE_GRAPH");
  const key = { workspaceId: principal.workspaceId, graphId };
  if (!(await graphTable.deleteGraph(deps.db, key))) {
    throw notFound("graph");
  }
  await graphHasChanged(deps, key);
  await deleteGraphContent(deps.env.FILES, key);
}

export async function listGraphVersions(
  deps: ServiceDeps,
  principal: Principal,
  query: { graphId: string; cursor?: string; limit: number },
): Promise<List<GraphVersionSummary>> {
  requirePermission(principal, "READ_GRAPH");
  const key = { workspaceId: principal.workspaceId, graphId: query.graphId };
  const before = decodeNumberCursor(query.cursor);
  const row = await requireGraph(deps, key);
  const page = await versionTable.listGraphVersions(deps.db, { ...key, before, limit: query.limit });
  const items = page.items.map((item) => ({
    version: item.version,
    is_active: item.version === row.activeVersion,
    name: item.name,
    node_count: item.nodeCount,
    created_at: new Date(item.createdAt).toISOString(),
    created_by: item.createdBy,
  }));
  return { items, next_cursor: page.next === null ? null : String(page.next) };
}

export async function activateGraphVersion(
  deps: ServiceDeps,
  principal: Principal,
  choice: { graphId: string; version: number },
): Promise<GraphView> {
  requirePermission(principal, "WRITE_GRAPH");
  const key = { workspaceId: principal.workspaceId, graphId: choice.graphId };
  const done = await graphTable.activateVersion(deps.db, { ...key, version: choice.version, at: deps.now() });
  if (!done) {
    await requireGraph(deps, key);
    throw new ServiceError(404, "not_found", `The graph has no version ${choice.version}.`);
  }
  await graphHasChanged(deps, key);
  const { row, graph } = await load(deps, principal, choice);
  return toGraphView(graph, row, { blocks: deps.blocks });
}

async function load(
  deps: ServiceDeps,
  principal: Principal,
  { graphId, version }: { graphId: string; version?: number },
): Promise<{ row: GraphRow; graph: GraphFile }> {
  const key = { workspaceId: principal.workspaceId, graphId };
  const row = await requireGraph(deps, key);
  const wanted = version ?? row.activeVersion;
  const stored = await versionTable.findGraphVersion(deps.db, { ...key, version: wanted });
  if (stored === undefined) {
    throw new ServiceError(404, "not_found", `The graph has no version ${wanted}.`);
  }
  return { row, graph: JSON.parse(await loadGraphContent(deps.env.FILES, stored)) as GraphFile };
}

async function requireGraph(deps: ServiceDeps, key: graphTable.GraphKey): Promise<GraphRow> {
  const row = await graphTable.findGraph(deps.db, key);
  if (row === undefined) {
    throw notFound("graph");
  }
  return row;
}

async function toVersionRow(
  deps: ServiceDeps,
  principal: Principal,
  graph: GraphFile & { id: string },
): Promise<graphTable.NewGraphVersion & { createdAt: number }> {
  const key = { workspaceId: principal.workspaceId, graphId: graph.id };
  return {
    ...key,
    ...(await storeGraphContent(deps.env.FILES, key, JSON.stringify(graph))),
    version: graph.version,
    name: graph.name,
    nodeCount: graph.nodes.length,
    createdAt: deps.now(),
    createdBy: principal.userId,
  };
}

/** A graph that does not hold together is not stored; one that merely lacks something is, and its problems are told. */
function requireSound(graph: GraphFile, deps: ServiceDeps): void {
  const { errors } = validateGraph(graph, deps.blocks.catalog, { forRun: false });
  const [first] = errors;
  if (first !== undefined) {
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
    throw new ServiceError(422, "invalid_graph", `The graph does not hold together: ${first.message}${more}`, {
      details: { errors: errors.slice(0, 100) },
    });
  }
}

function ownVersion(file: JsonObject): number {
  const version = Object.hasOwn(file, "version") ? file.version : undefined;
  if (typeof version !== "number") {
    throw new ServiceError(
      428,
      "precondition_required",
      "Say which version the change started from: send the ETag as If-Match, or `version` in the body.",
    );
  }
  return version;
}

function versionConflict(row: GraphRow): ServiceError {
  return new ServiceError(
    412,
    "version_conflict",
    `Somebody saved version ${row.latestVersion} in the meantime. Load it and apply your change to it.`,
    { details: { current_version: row.latestVersion, active_version: row.activeVersion } },
  );
}
