import * as z from "zod";
import { MAX_HOPS } from "#durable-objects/execution/children.ts";
import type { ChildRequest, Outcome } from "#durable-objects/execution/protocol.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { runValues } from "#worker/values/create-values.ts";
import { ValueMissing } from "#worker/values/value-store.ts";
import { beginRun } from "./begin-run.ts";
import { resolveSubAgent } from "./runnable-graph.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { ServiceError } from "./service-error.ts";
import { tunedPlan } from "./tuned-plan.ts";

const payloadSchema = z.object({
  graph_id: z.string().min(1),
  graph_version: z.int().min(1),
  inputs: z.custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value)),
});

/**
 * Starts a run for a node of another run. The workspace is the parent's, told by its object, never by the graph. A refusal (unknown agent, wrong
 * inputs, too many hops) comes back as data: it is the child's end; a failure of the platform is thrown and tried again.
 */
export async function startChild(deps: ServiceDeps, request: ChildRequest): Promise<Outcome<null>> {
  const { execution_id, workspace_id, parent } = request;
  if (parent.hops > MAX_HOPS) {
    const message = `Agents may run agents ${MAX_HOPS} deep, and this would be one more. Look for an agent that runs itself.`;
    return { ok: false, code: "too_many_hops", message };
  }
  const given = await openPayload(deps, request);
  if (!given.ok) {
    return given;
  }
  const payload = payloadSchema.safeParse(given.value);
  if (!payload.success) {
    return { ok: false, code: "invalid_input", message: "The node does not say which agent to run." };
  }
  const { graph_id: graphId, graph_version: version, inputs } = payload.data;
  try {
    const root = { graphId: parent.root_graph_id, version: parent.root_graph_version };
    const graph = await resolveSubAgent(deps, { workspaceId: workspace_id, graphId, version, root });
    const checked = graph.checkInputs(inputs);
    const plan = tunedPlan(deps, workspace_id, graph.plan);
    const start = { execution_id, workspace_id, plan, inputs: checked, source: "agent", parent };
    const outcome = await deps.inLine(start.workspace_id, () => beginRun(deps, start, { waitMs: 0 }));
    return outcome.ok ? { ok: true, value: null } : outcome;
  } catch (error) {
    if (error instanceof ServiceError && error.status < 500) {
      return { ok: false, code: error.code, message: error.message };
    }
    throw error;
  }
}

/** What the node asks for, with its large values, which are the parent's. */
async function openPayload(deps: ServiceDeps, request: ChildRequest): Promise<Outcome<JsonValue>> {
  const { workspace_id: workspaceId, parent, payload } = request;
  try {
    const value = await runValues(deps.env, { workspaceId, executionId: parent.execution_id }).open(payload);
    return { ok: true, value };
  } catch (error) {
    if (error instanceof ValueMissing) {
      return { ok: false, code: error.code, message: error.message };
    }
    throw error;
  }
}
