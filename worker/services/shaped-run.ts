import type { RunShape } from "#durable-objects/execution/protocol.ts";
import type { JsonObject } from "#graph/json.ts";
import type { GraphFile } from "#graph/model/graph-file.ts";
import { recordOf } from "#graph/own-property.ts";
import { graphOfOne, graphUntil } from "#graph/plan/partial-graph.ts";
import { dryRunPlan, pinPlan } from "#graph/plan/pin-plan.ts";
import type { PinnedOutputs } from "#graph/plan/pin-plan.ts";
import type { GraphKey } from "#worker/db/graph-table.ts";
import type { NewRun } from "./admission.ts";
import { refusingGraphs } from "./graph-refusal.ts";
import { resolveRunnableGraph, resolveRunnablePart } from "./runnable-graph.ts";
import type { RunnableGraph } from "./runnable-graph.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { ServiceError } from "./service-error.ts";

/** How a run differs from one of the whole agent. Rules RU7 and RU8 of the run's SPEC.md. */
export interface ShapeRequest {
  /** Nodes that may touch anything outside, or wait, give samples instead, and so do required inputs that are not given. */
  dryRun?: boolean | undefined;
  /** True: the outputs pinned in the file; else these, by node id. */
  pinned?: boolean | Record<string, PinnedOutputs> | undefined;
  /** Only this node and those that lead to it. */
  untilNodeId?: string | undefined;
  /** Only this node; the run's inputs are its pins. */
  onlyNodeId?: string | undefined;
}

/**
 * What is to run, and its inputs checked. Limits on the agent's runs hold for whole, real runs only.
 * @throws ServiceError as `resolveRunnableGraph`; 422 `node_not_found` for a node that the graph does not have.
 */
export async function resolveShapedRun(
  deps: ServiceDeps,
  request: GraphKey & { version: number | undefined },
  given: JsonObject,
  shape: ShapeRequest,
): Promise<Pick<NewRun, "graph" | "inputs" | "more">> {
  const { untilNodeId, onlyNodeId, dryRun } = shape;
  const cut = cutOf(shape, given);
  const graph =
    cut === undefined ? await resolveRunnableGraph(deps, request) : await resolveRunnablePart(deps, request, cut);
  const sampled = dryRun === true && onlyNodeId === undefined ? graph.sampleInputs(given) : {};
  const inputs =
    onlyNodeId === undefined ? graph.checkInputs(recordOf([...entries(given), ...entries(sampled)])) : given;
  const pins = pinnedOutputs(graph, shape.pinned);
  const pinned = pinPlan(graph.plan, pins);
  const plan = dryRun === true ? dryRunPlan(pinned, deps.blocks.catalog) : pinned;
  const whole = untilNodeId === undefined && onlyNodeId === undefined && dryRun !== true;
  return {
    graph: { plan, flow: whole ? graph.flow : undefined },
    inputs,
    more: {
      ...(dryRun === true ? { dry_run: true, ...namesOf(sampled) } : {}),
      ...(untilNodeId === undefined && onlyNodeId === undefined && pins.size === 0
        ? {}
        : { shape: recordedShape(shape, [...pins.keys()]) }),
    },
  };
}

const { entries } = Object;

function recordedShape({ untilNodeId, onlyNodeId }: ShapeRequest, pinned: string[]): RunShape {
  return {
    ...(onlyNodeId === undefined ? {} : { only_node_id: onlyNodeId }),
    ...(untilNodeId === undefined ? {} : { until_node_id: untilNodeId }),
    ...(pinned.length === 0 ? {} : { pinned_node_ids: pinned }),
  };
}

function namesOf(sampled: JsonObject): { sampled_inputs?: string[] } {
  const names = Object.keys(sampled);
  return names.length === 0 ? {} : { sampled_inputs: names };
}

function cutOf(
  { untilNodeId, onlyNodeId }: ShapeRequest,
  inputs: JsonObject,
): ((file: GraphFile) => GraphFile) | undefined {
  if (onlyNodeId !== undefined) {
    return (file) => refusingGraphs(() => graphOfOne(file, onlyNodeId, inputs));
  }
  return untilNodeId === undefined ? undefined : (file) => refusingGraphs(() => graphUntil(file, untilNodeId));
}

function pinnedOutputs(graph: RunnableGraph, pinned: ShapeRequest["pinned"]): ReadonlyMap<string, PinnedOutputs> {
  if (typeof pinned !== "object") {
    return pinned === true ? graph.pinned : new Map();
  }
  const unknown = Object.keys(pinned).find((id) => !graph.nodeIds.has(id));
  if (unknown !== undefined) {
    throw new ServiceError(422, "node_not_found", `The graph has no node ${unknown}, for which outputs are given.`);
  }
  return new Map(Object.entries(pinned));
}
