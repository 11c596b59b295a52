import { expect } from "vitest";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import type { AdmissionTicket } from "#durable-objects/workspace/protocol.ts";
import type { FlowSettings } from "#graph/model/flow-settings.ts";
import { RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { echoGraph } from "#test/workerd/echo-graph.ts";
import { workspaceStub } from "#worker/env.ts";

/** An agent with these settings; its id. */
export async function createGraph(tenant: Tenant, flow?: FlowSettings): Promise<string> {
  const change = flow === undefined ? {} : { metadata: { weft: { flow } } };
  const answer = await tenant.client.call<{ id: string }>("/api/v1/graphs", { body: echoGraph(change) });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

/** Asks for a run, and waits for its end unless `body` says otherwise. */
export function start<T = ExecutionView>(
  tenant: Tenant,
  body: { graph_id: string } & Record<string, unknown>,
  key?: string,
): Promise<Answer<T>> {
  return tenant.client.call<T>(RUNS, {
    body: { inputs: { text: "hello" }, wait_seconds: 30, ...body },
    headers: { "idempotency-key": key },
  });
}

/** Takes a place for a run of this graph that does not exist: whoever comes next has to wait. */
export async function takePlace(
  tenant: Tenant,
  graph: string,
  flow: FlowSettings,
  keys: AdmissionTicket["keys"] = {},
): Promise<() => Promise<void>> {
  const stub = workspaceStub(testEnv, tenant.workspaceId);
  const execution_id = crypto.randomUUID();
  const ticket = { execution_id, workspace_id: tenant.workspaceId, graph_id: graph, flow, keys };
  expect(await stub.begin({ ticket })).toMatchObject({ kind: "start", counted: true });
  return () => stub.release([execution_id], "ended");
}
