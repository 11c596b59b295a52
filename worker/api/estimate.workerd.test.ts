import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { childExecutionId } from "#durable-objects/execution/effects.ts";
import type { ExecutionObject } from "#durable-objects/execution/execution.ts";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import { SqliteExecutionStore } from "#durable-objects/execution/store-sqlite.ts";
import { Figures } from "#durable-objects/workspace/core/figures.ts";
import { ALL_HOURS } from "#durable-objects/workspace/core/predictor.ts";
import { SqliteWorkspaceStore } from "#durable-objects/workspace/store-sqlite.ts";
import type { WorkspaceObject } from "#durable-objects/workspace/workspace.ts";
import { BLOCKS, runningAgent } from "#test/agent-file.ts";
import { createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { nodeExecutionsOf } from "#test/workerd/isolated-object.testkit.ts";
import { inputNode, outputNode, saveGraph } from "#test/workerd/test-graph.ts";
import type { TestNode } from "#test/workerd/test-graph.ts";
import { until } from "#test/workerd/until.ts";
import type { EstimateView } from "#worker/contracts/estimate.ts";
import { executionStub, workspaceStub } from "#worker/env.ts";
import { createGraph, start } from "./admission.testkit.ts";

/** A node that runs an echo agent. */
const runningEcho = (id: string): TestNode => [
  "agent",
  ...runningAgent({ id, version: 1 }, { takes: "text", gives: "echo" }, { text: "hello" }),
];

/** Figures of `count` executions of the block that took so long each. */
async function writeFigures(own: Tenant, blockId: string, count: number, durationMs: number): Promise<void> {
  const figures = new Figures();
  for (let added = 0; added < count; added += 1) {
    figures.add({ durationMs, busyMs: durationMs, tokens: 0, costUsd: null, size: 5 });
  }
  const workspace = workspaceStub(testEnv, own.workspaceId) as unknown as DurableObjectStub<WorkspaceObject>;
  await runInDurableObject(workspace, (_, { storage }) =>
    new SqliteWorkspaceStore(storage).writeFigures([
      { subject: `b:${blockId}`, hour: ALL_HOURS, data: figures.toData() },
    ]),
  );
}

describe("what is known of blocks", () => {
  it("[WP6] reaches a start with a key or settings, and the runs that it starts", async () => {
    const own = await createTenant();
    await writeFigures(own, BLOCKS.output, 60, 2_000);
    const pools = async (id: string): Promise<string[]> => {
      const inside = executionStub(testEnv, id) as unknown as DurableObjectStub<ExecutionObject>;
      const header = await runInDurableObject(inside, (_, { storage }) => new SqliteExecutionStore(storage).header());
      return (header?.plan.nodes ?? []).map(({ pool }) => pool);
    };
    const child = await createGraph(own);
    const parent = await saveGraph(own, [runningEcho(child)]);
    const first = await start(own, { graph_id: parent.id, inputs: {} }, "hints");
    expect(first.body.status).toBe("COMPLETED");
    const [node] = await nodeExecutionsOf({ stub: executionStub(testEnv, first.body.id) }, own.workspaceId);
    expect(await pools(childExecutionId(first.body.id, node?.node_execution_id ?? ""))).toEqual(["io", "cpu"]);
    const keyed = await start(own, { graph_id: child }, "more-hints");
    expect(await pools(keyed.body.id)).toEqual(["io", "cpu"]);
    const limited = await createGraph(own, { concurrency: { limit: 3 } });
    const second = await start(own, { graph_id: limited });
    expect(await pools(second.body.id)).toEqual(["io", "cpu"]);
  });
});

describe("an estimate", () => {
  it("[WP3] [WP8] comes from the whole, real runs so far, and from their blocks for an agent that never ran", async () => {
    const own = await createTenant();
    const graph = await createGraph(own);
    const estimate = (): Promise<Answer<EstimateView>> =>
      own.client.call<EstimateView>(`/api/v1/graphs/${graph}/estimate`);
    expect((await estimate()).body).toEqual({
      graph_id: graph,
      sample_size: 0,
      basis: "none",
      duration_ms: null,
      tokens: null,
      cost_usd: null,
      size: null,
      memory_class: null,
      queued_before: 0,
      outliers: [],
    });
    const pinned = { in: { result: ["x"] } };
    for (const shape of [{ until_node_id: "in" }, { only_node_id: "out" }, { dry_run: true }, { pinned }]) {
      const inputs = "only_node_id" in shape ? { value: "hello" } : { text: "hello" };
      expect((await start(own, { graph_id: graph, inputs, ...shape })).body.status).toBe("COMPLETED");
    }
    const { id } = (await start(own, { graph_id: graph })).body;
    const fork = await own.client.call<ExecutionView>(`${RUNS}/${id}/fork?wait_seconds=30`, {
      body: { node_execution_id: "n2", inputs: { value: "else" } },
    });
    expect(fork.body).toMatchObject({ status: "COMPLETED", outputs: { echo: ["else"] } });
    await start(own, { graph_id: graph });
    await until(async () => (await estimate()).body.sample_size >= 2);
    const answer = await estimate();
    expect(answer.body).toMatchObject({
      sample_size: 2,
      basis: "all",
      tokens: { p50: 0 },
      cost_usd: null,
      memory_class: "small",
    });
    expect(answer.body.size?.p50).toBeGreaterThan("hello".length);
    expect(answer.body.duration_ms?.p90).toBeGreaterThanOrEqual(0);
    const unrun = await createGraph(own);
    const ofBlocks = await own.client.call<EstimateView>(`/api/v1/graphs/${unrun}/estimate`);
    expect(ofBlocks.body).toMatchObject({
      graph_id: unrun,
      basis: "blocks",
      sample_size: 2,
      tokens: { p50: 0 },
      size: null,
    });
    const stranger = await createTenant();
    expect((await stranger.client.call(`/api/v1/graphs/${graph}/estimate`)).status).toBe(404);
  });

  it.each(["never ran", "took an hour each time"])(
    "[WP8] from blocks is the same whether the block that runs agents %s",
    async (past) => {
      const own = await createTenant();
      await writeFigures(own, BLOCKS.input, 7, 20);
      await writeFigures(own, BLOCKS.output, 9, 30);
      await writeFigures(own, BLOCKS.agent, past === "never ran" ? 0 : 60, 3_600_000);
      const graph = await saveGraph(
        own,
        [inputNode("text"), runningEcho(await createGraph(own)), outputNode("echo")],
        "in_text.result agent.text",
        "agent.echo out_echo.value",
      );
      const estimate = await own.client.call<EstimateView>(`/api/v1/graphs/${graph.id}/estimate`);
      expect(estimate.body).toMatchObject({ basis: "blocks", sample_size: 7 });
      expect(estimate.body.duration_ms?.p99).toBeGreaterThan(45);
      expect(estimate.body.duration_ms?.p99).toBeLessThan(55);
    },
  );
});
