import { beforeAll, describe, expect, it } from "vitest";
import type { AppServices } from "#worker/contracts/app-context.ts";
import { PERMISSIONS } from "#worker/contracts/permission.ts";
import { applyExecutionSummaries } from "#worker/db/execution-projection.ts";
import { createTenant } from "#test/workerd/api-client.ts";
import type { Tenant } from "#test/workerd/api-client.ts";
import { echoGraph, INPUT_BLOCK } from "#test/workerd/echo-graph.ts";
import { bindAppServices } from "./app-services.ts";

const REVIEW_BLOCK = "8b2a7b3c-6e9d-4a5f-8c1b-2e3f4a5b6c7d";

/** The echo with a person between. */
function reviewGraph(): Record<string, unknown> {
  const link = (id: string, [source_id, source_name]: string[], [sink_id, sink_name]: string[]) => ({
    id,
    source_id,
    source_name,
    sink_id,
    sink_name,
  });
  const echo = echoGraph({ name: "Echo with a review" });
  const ask = { id: "ask", block_id: REVIEW_BLOCK, input_default: { name: "ok?" } };
  return {
    ...echo,
    nodes: [...(echo["nodes"] as object[]), ask],
    links: [link("a", ["in", "result"], ["ask", "data"]), link("b", ["ask", "approved_data"], ["out", "value"])],
  };
}

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
    expect(await services.graphs.estimate(graph.id)).toMatchObject({ basis: "none", duration_ms: null, outliers: [] });
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

  it("holds a run, takes a decision once, and knows no run of a block that started none", async () => {
    const { graph } = await services.graphs.import(reviewGraph());
    const { id } = await services.executions.start({ graph_id: graph.id, inputs: { text: "hi" } });
    await expect.poll(() => services.executions.reviews(id), { timeout: 20_000 }).toHaveLength(1);
    const [review] = await services.executions.reviews(id);
    expect(review).toMatchObject({ node_id: "ask", payload: { name: "ok?", data: "hi", editable: true }, until: null });
    expect(await services.executions.pause(id)).toMatchObject({ paused: true, parent_execution_id: null });
    expect(await services.executions.resume(id)).toMatchObject({ paused: false });
    const ne = review?.review_id ?? "";
    await expect(services.executions.child(id, ne)).rejects.toMatchObject({ status: 404, code: "not_found" });
    await expect(services.executions.child("nope", ne)).rejects.toMatchObject({ status: 404, code: "not_found" });
    await services.executions.decideReview(id, ne, { approved: true, data: "ho" }, false);
    await expect(services.executions.decideReview(id, ne, { approved: false }, false)).rejects.toMatchObject({
      status: 409,
      code: "review_not_pending",
    });
    await expect
      .poll(() => services.executions.get(id), { timeout: 20_000 })
      .toMatchObject({ status: "COMPLETED", outputs: { echo: ["ho"] } });
    expect(await services.executions.reviews(id)).toEqual([]);
  });

  it("describes the blocks that exist, each once", () => {
    expect(services.blocks.describe([INPUT_BLOCK, "nope", INPUT_BLOCK]).map((block) => block.id)).toEqual([
      INPUT_BLOCK,
    ]);
  });
});
