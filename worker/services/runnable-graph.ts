import { errorMessage, log } from "#durable-objects/logger.ts";
import { GraphError } from "#graph/errors.ts";
import type { JsonObject } from "#graph/json.ts";
import type { FlowSettings } from "#graph/model/flow-settings.ts";
import type { GraphFile } from "#graph/model/graph-file.ts";
import { compilePlan } from "#graph/plan/compile-plan.ts";
import type { PinnedOutputs } from "#graph/plan/pin-plan.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { computeInputSchema } from "#graph/schema/compute-schemas.ts";
import { sampleMissingInputs } from "#graph/schema/sample-inputs.ts";
import { checkRunInputs } from "#graph/validation/check-inputs.ts";
import { validateGraph } from "#graph/validation/validate-graph.ts";
import { TtlCache } from "#worker/cache/ttl-cache.ts";
import { WeightedCache } from "#worker/cache/weighted-cache.ts";
import { loadGraphContent } from "#worker/db/graph-content.ts";
import { findGraph } from "#worker/db/graph-table.ts";
import type { GraphKey } from "#worker/db/graph-table.ts";
import { findGraphVersion } from "#worker/db/graph-version-table.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { notFound, ServiceError } from "./service-error.ts";

/** A graph version that was checked and compiled: all that starting a run takes. */
export interface RunnableGraph {
  plan: Plan;
  /** Of all nodes in the file, also those that are no part of the plan. */
  nodeIds: ReadonlySet<string>;
  /** `metadata.weft.pinned` of the nodes that have it. */
  pinned: ReadonlyMap<string, PinnedOutputs>;
  /** `metadata.weft.flow` of the graph. */
  flow: FlowSettings | undefined;
  /** The run's inputs, converted to their types. @throws ServiceError 422 `invalid_inputs` with a message for each field. */
  checkInputs(inputs: JsonObject): JsonObject;
  /** Samples for required inputs that are not given. */
  sampleInputs(inputs: JsonObject): JsonObject;
}

/** How long an isolate may go on with a graph's active version, or with a deleted graph, after another one changed it. */
const HEAD_TTL_MS = 5_000;
/** Characters of graph files whose plans are kept; a plan takes some times that in memory. */
const MAX_PLAN_CHARS = 8_000_000;

const heads = new TtlCache<{ activeVersion: number }>({ ttlMs: HEAD_TTL_MS, capacity: 2_000 });
const runnables = new WeightedCache<RunnableGraph>(MAX_PLAN_CHARS);

/**
 * Resolves what is to run without asking the database when this isolate has seen the version lately: versions never
 * change, only which of them is active.
 * @throws ServiceError 404 for an unknown graph or version, 422 `graph_not_runnable` with `node_errors`.
 */
export async function resolveRunnableGraph(
  deps: ServiceDeps,
  request: GraphKey & { version: number | undefined },
): Promise<RunnableGraph> {
  const version = await versionOf(deps, request);
  const versionKey = `${headKey(request)}@${version}`;
  const known = runnables.get(versionKey);
  if (known !== undefined) {
    return known;
  }
  const text = await loadVersion(deps, { ...request, version });
  const runnable = prepare(deps, JSON.parse(text) as GraphFile);
  runnables.set(versionKey, runnable, text.length);
  return runnable;
}

/**
 * Resolves a part of a graph version, which is checked and compiled by itself.
 * @throws ServiceError as `resolveRunnableGraph`, and what `cut` throws.
 */
export async function resolveRunnablePart(
  deps: ServiceDeps,
  request: GraphKey & { version: number | undefined },
  cut: (file: GraphFile) => GraphFile,
): Promise<RunnableGraph> {
  const file = JSON.parse(
    await loadVersion(deps, { ...request, version: await versionOf(deps, request) }),
  ) as GraphFile;
  return { ...prepare(deps, cut(file)), nodeIds: new Set(file.nodes.map(({ id }) => id)) };
}

async function versionOf(deps: ServiceDeps, request: GraphKey & { version: number | undefined }): Promise<number> {
  const key = headKey(request);
  let head = heads.get(key, deps.now());
  if (head === undefined) {
    const row = await findGraph(deps.db, request);
    if (row === undefined) {
      throw notFound("graph");
    }
    head = { activeVersion: row.activeVersion };
    heads.set(key, head, deps.now());
  }
  return request.version ?? head.activeVersion;
}

async function loadVersion(deps: ServiceDeps, request: GraphKey & { version: number }): Promise<string> {
  const row = await findGraphVersion(deps.db, request);
  if (row === undefined) {
    throw new ServiceError(404, "not_found", `The graph has no version ${request.version}.`);
  }
  return loadGraphContent(deps.env.FILES, row);
}

/**
 * Resolves an agent that another agent runs: a sub-graph in the file of the graph that the chain of runs began with, or else a graph of the workspace
 * (autogpt.md §4.9).
 * @throws ServiceError as `resolveRunnableGraph`.
 */
export async function resolveSubAgent(
  deps: ServiceDeps,
  request: { workspaceId: string; graphId: string; version: number; root: { graphId: string; version: number } },
): Promise<RunnableGraph> {
  const { workspaceId, graphId, version, root } = request;
  const key = `${headKey({ workspaceId, graphId: root.graphId })}@${root.version}/${graphId}`;
  const known = runnables.get(key);
  if (known !== undefined) {
    return known;
  }
  const row = await findGraphVersion(deps.db, { workspaceId, graphId: root.graphId, version: root.version });
  const file = row === undefined ? undefined : (JSON.parse(await loadGraphContent(deps.env.FILES, row)) as GraphFile);
  const subGraph = file?.sub_graphs.find(({ id }) => id === graphId);
  if (file === undefined || subGraph === undefined) {
    return resolveRunnableGraph(deps, { workspaceId, graphId, version });
  }
  const runnable = prepare(deps, { ...subGraph, id: graphId, sub_graphs: [] } as unknown as GraphFile);
  runnables.set(key, runnable, JSON.stringify(subGraph).length);
  return runnable;
}

/** To be called by whoever has changed or deleted a graph, so that this isolate and the processes beside it see it at once. */
export async function graphHasChanged(deps: Pick<ServiceDeps, "env">, key: GraphKey): Promise<void> {
  forgetGraphHead(key);
  await deps.env.OTHER_PROCESSES?.forgetGraph(key).catch((error: unknown) =>
    log("warn", "could not tell other processes of a change", { graph_id: key.graphId, error: errorMessage(error) }),
  );
}

/** Of this isolate. */
export function forgetGraphHead(key: GraphKey): void {
  heads.delete(headKey(key));
}

function prepare(deps: ServiceDeps, graph: GraphFile): RunnableGraph {
  const { catalog } = deps.blocks;
  const { ok, errors, node_errors: nodeErrors } = validateGraph(graph, catalog, { forRun: true });
  if (!ok) {
    const first = errors[0]?.message ?? "Some nodes lack what they need; `details.node_errors` says what.";
    throw notRunnable(first, { errors, node_errors: nodeErrors });
  }
  const plan = compile(graph, deps);
  const inputSchema = computeInputSchema(graph, catalog);
  return {
    plan,
    nodeIds: new Set(graph.nodes.map(({ id }) => id)),
    pinned: new Map(
      graph.nodes.flatMap(({ id, metadata }) =>
        metadata.weft?.pinned === undefined ? [] : [[id, metadata.weft.pinned]],
      ),
    ),
    flow: graph.metadata?.weft?.flow,
    sampleInputs: (inputs) => sampleMissingInputs(inputSchema, inputs),
    checkInputs(inputs) {
      const checked = checkRunInputs(inputSchema, inputs);
      if (!checked.ok) {
        throw invalidInputs(checked.errors);
      }
      return checked.inputs;
    },
  };
}

function compile(graph: GraphFile, deps: ServiceDeps): Plan {
  try {
    return compilePlan(graph, deps.blocks.catalog);
  } catch (error) {
    if (error instanceof GraphError) {
      throw notRunnable(error.message, { errors: error.details, node_errors: {} });
    }
    throw error;
  }
}

function notRunnable(reason: string, details: { errors: unknown[]; node_errors: unknown }): ServiceError {
  return new ServiceError(422, "graph_not_runnable", `The graph cannot run as it is. ${reason}`, { details });
}

function invalidInputs(fields: Record<string, string>): ServiceError {
  const list = Object.entries(fields).map(([name, message]) => (name === "" ? message : `${name}: ${message}`));
  return new ServiceError(422, "invalid_inputs", `The inputs do not fit the graph. ${list.join(" ")}`, {
    details: { fields },
  });
}

function headKey(key: GraphKey): string {
  return `${key.workspaceId}/${key.graphId}`;
}
