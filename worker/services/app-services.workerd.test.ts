import { beforeAll, describe, expect, it } from "vitest";
import type { AppServices } from "#worker/contracts/app-context.ts";
import { PERMISSIONS } from "#worker/contracts/permission.ts";
import { applyExecutionSummaries } from "#worker/db/execution-projection.ts";
import { createTenant } from "#test/workerd/api-client.ts";
import type { Tenant } from "#test/workerd/api-client.ts";
import { echoGraph, INPUT_BLOCK } from "#test/workerd/echo-graph.ts";
import { bindAppServices } from "./app-services.ts";

let tenant: Tenant;
let services: AppServices;

beforeAll(async () => {
  tenant = await createTenant();
  const { workspaceId, userId } = tenant;
  services = bindAppServices(tenant.client.deps, { workspaceId, userId, via: "session", scopes: PERMISSIONS });
});

describe("what the pages get", () => {
  it("imports a file, runs it and follows the run", async () => {
    const { graph, problems } = await services.graphs.import(echoGraph());
    expect(problems).toEqual([]);
    expect(await services.graphs.get(graph.id)).toEqual(graph);
    const run = await services.executions.start({ graph_id: graph.id, inputs: { text: "hi" } });
    expect(run).toMatchObject({ source: "page", graph_id: graph.id });
    const stream = await tenant.client.fetch(`/api/v1/executions/${run.id}/events`, {
      headers: { accept: "text/event-stream" },
    });
    await stream.text();
    const page = await services.executions.events(run.id, 0, 1_000);
    expect(page.items.at(-1)?.type).toBe("execution_completed");
    expect(page.ended).toBe(true);
    const done = await services.executions.get(run.id);
    expect(done).toMatchObject({ status: "COMPLETED", outputs: { echo: ["hi"] } });
    expect(await services.executions.cancel(run.id)).toEqual(done);
  });

  it("lists agents with their last run, as soon as the list of runs knows it", async () => {
    const { graph } = await services.graphs.import(echoGraph({ name: "Never ran" }));
    const { graph: other } = await services.graphs.import(echoGraph({ name: "Ran" }));
    const run = await services.executions.start({ graph_id: other.id, inputs: { text: "hi" } });
    await applyExecutionSummaries(tenant.client.deps.db, [
      {
        execution_id: run.id,
        workspace_id: tenant.workspaceId,
        graph_id: other.id,
        graph_version: 1,
        graph_name: "Ran",
        status: "RUNNING",
        source: "page",
        seq: 1,
        error: null,
        stats: run.stats,
        created_at: Date.parse(run.created_at),
        started_at: null,
        ended_at: null,
      },
    ]);
    const { items } = await services.graphs.list({ search: "ran" });
    expect(items.find((item) => item.id === graph.id)?.last_execution).toBeNull();
    expect(items.find((item) => item.id === other.id)?.last_execution).toMatchObject({ id: run.id });
    const runs = await services.executions.list({ graph_id: other.id, status: ["RUNNING", "COMPLETED"] });
    expect(runs.items.map((item) => item.id)).toEqual([run.id]);
  });

  it("refuses with a status and a code that pages can show", async () => {
    await expect(services.graphs.get("nope")).rejects.toMatchObject({ status: 404, code: "not_found" });
    await expect(services.graphs.import({ name: 3 })).rejects.toMatchObject({ status: 422, code: "invalid_graph" });
    await expect(services.executions.get("nope")).rejects.toMatchObject({ status: 404, code: "not_found" });
  });

  it("describes the blocks that exist, each once", () => {
    expect(services.blocks.describe([INPUT_BLOCK, "nope", INPUT_BLOCK]).map((block) => block.id)).toEqual([
      INPUT_BLOCK,
    ]);
  });
});
