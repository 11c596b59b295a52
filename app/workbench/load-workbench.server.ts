import { isTerminal } from "#graph/run/status.ts";
import type { AppGraph, AppReview, AppRun, AppServices } from "#worker/contracts/app-context.ts";
import { drawGraph } from "#app/graph-view/draw-graph.ts";
import { asRefusal } from "#app/services.server.ts";
import { loadEstimate } from "./load-estimate.server.ts";
import type { WorkbenchAgent, WorkbenchData } from "./workbench-data.ts";

const HISTORY_LENGTH = 20;

/** The page of an agent, with one of its runs if that is asked for. */
export async function loadAgent(
  services: AppServices,
  graphId: string,
  executionId: string | null,
): Promise<WorkbenchData> {
  const [graph, run, history, estimate] = await Promise.all([
    services.graphs.get(graphId),
    executionId === null ? null : services.executions.get(executionId),
    services.executions.list({ graph_id: graphId, limit: HISTORY_LENGTH }),
    loadEstimate(services, graphId),
  ]);
  const [shown, reviews] = await Promise.all([
    run !== null && run.graph_version !== graph.version ? graphOfRun(services, run) : graph,
    run === null ? [] : reviewsOf(services, run),
  ]);
  return { agent: shown === null ? null : toAgent(services, shown), run, reviews, history: history.items, estimate };
}

/** The page of a run, with the version of the agent that it ran. */
export async function loadRun(services: AppServices, executionId: string): Promise<WorkbenchData> {
  const run = await services.executions.get(executionId);
  const [graph, reviews, history, estimate] = await Promise.all([
    graphOfRun(services, run),
    reviewsOf(services, run),
    services.executions.list({ graph_id: run.graph_id, limit: HISTORY_LENGTH }),
    loadEstimate(services, run.graph_id),
  ]);
  return { agent: graph === null ? null : toAgent(services, graph), run, reviews, history: history.items, estimate };
}

async function reviewsOf(services: AppServices, run: AppRun): Promise<AppReview[]> {
  return isTerminal(run.status) ? [] : services.executions.reviews(run.id);
}

async function graphOfRun(services: AppServices, run: AppRun): Promise<AppGraph | null> {
  try {
    return await services.graphs.get(run.graph_id, run.graph_version);
  } catch (error) {
    if (asRefusal(error)?.status === 404) {
      return null;
    }
    throw error;
  }
}

function toAgent(services: AppServices, graph: AppGraph): WorkbenchAgent {
  const blocks = services.blocks.describe([...new Set(graph.nodes.map((node) => node.block_id))]);
  const { id, version, name, description, input_schema, problems } = graph;
  return { id, version, name, description, input_schema, problems, drawing: drawGraph(graph, blocks) };
}
