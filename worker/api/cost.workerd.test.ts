import { beforeAll, describe, expect, it } from "vitest";
import type { ExecutionView, NodeExecutionDetail, NodeExecutionPage } from "#durable-objects/execution/protocol.ts";
import type { JsonObject } from "#graph/json.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import { roundedCost } from "#graph/run/usage.ts";
import { createTenant, RUNS } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { inputNode as input, outputNode as output, saveGraph } from "#test/workerd/test-graph.ts";
import type { EstimateView } from "#worker/contracts/estimate.ts";
import type { ExecutionListItem } from "#worker/contracts/execution.ts";

let tenant: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
});

/** An agent that asks a model once, at the fake server behind OpenAI's address. */
async function asking(model: string, weft: JsonObject = {}): Promise<string> {
  const { id } = await saveGraph(
    tenant,
    [input("prompt"), ["ask", "ask", { model, retry: 1 }, weft], output("answer")],
    "in_prompt.result ask.prompt",
    "ask.response out_answer.value",
  );
  return id;
}

const call = <T = ExecutionView>(path: string, body?: object): Promise<Answer<T>> =>
  tenant.client.call<T>(`${RUNS}${path}`, { method: "POST", ...(body === undefined ? {} : { body }) });

const run = (graph_id: string): Promise<Answer<ExecutionView>> =>
  call("", { graph_id, inputs: { prompt: "Why is the sky blue?" }, wait_seconds: 30 });

async function askingNode(runId: string): Promise<NodeExecutionDetail> {
  const page = await tenant.client.call<NodeExecutionPage>(`${RUNS}/${runId}/nodes?limit=100`);
  const ne = page.body.items.find(({ node_id }) => node_id === "ask")?.node_execution_id ?? "";
  return (await tenant.client.call<NodeExecutionDetail>(`${RUNS}/${runId}/nodes/${ne}`)).body;
}

/** At the list price of gpt-4o-mini. */
function listCost({ input_tokens = 0, output_tokens = 0 }: NodeUsage): number {
  return roundedCost((input_tokens * 0.15 + output_tokens * 0.6) / 1e6);
}

describe("what a run costs", () => {
  it("[US1] is the price of its model's tokens, in the run, its node, the list and the estimate", async () => {
    const graph = await asking("gpt-4o-mini");
    const estimate = async (): Promise<EstimateView> =>
      (await tenant.client.call<EstimateView>(`/api/v1/graphs/${graph}/estimate`)).body;
    expect((await estimate()).cost_usd).toBeNull();
    const { body } = await run(graph);
    expect(body.status).toBe("COMPLETED");
    const usage = (await askingNode(body.id)).usage ?? {};
    const cost = listCost(usage);
    expect(cost).toBeGreaterThan(0);
    expect(usage).toMatchObject({ calls: 1, cost_usd: cost });
    expect(body.stats).toMatchObject({
      input_tokens: usage.input_tokens,
      output_tokens: usage.output_tokens,
      cost_usd: cost,
    });
    const listed = async (): Promise<ExecutionListItem | undefined> =>
      (await tenant.client.call<{ items: ExecutionListItem[] }>(`${RUNS}?graph_id=${graph}`)).body.items[0];
    await expect.poll(async () => (await listed())?.stats.cost_usd, { timeout: 20_000 }).toBe(cost);
    await expect.poll(async () => (await estimate()).sample_size, { timeout: 20_000 }).toBe(1);
    const known = await estimate();
    expect(known.tokens?.p50).toBeGreaterThan(0);
    expect(Math.abs((known.cost_usd?.p50 ?? 0) / cost - 1)).toBeLessThan(0.06);
  });

  it("[US1] has what failed attempts cost, at the price that the owner set", async () => {
    const retry = { max_attempts: 3, backoff_ms: 0, max_backoff_ms: 0 };
    const { body } = await run(await asking("gpt-4o-fault-empty", { retry }));
    expect(body).toMatchObject({ status: "FAILED", error: { code: "malformed_output" } });
    const { usage, attempts } = await askingNode(body.id);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(["retrying", "retrying", "failed"]);
    const [first] = attempts;
    const tokens = first?.usage?.input_tokens ?? 0;
    expect(tokens).toBeGreaterThan(0);
    for (const attempt of attempts) {
      expect(attempt.usage).toEqual({
        input_tokens: tokens,
        output_tokens: 0,
        calls: 1,
        cost_usd: roundedCost((tokens * 1_000) / 1e6),
      });
    }
    expect(usage).toMatchObject({ input_tokens: 3 * tokens, calls: 3 });
    expect(body.stats).toMatchObject({ input_tokens: 3 * tokens, cost_usd: roundedCost((3 * tokens * 1_000) / 1e6) });
  });

  it("[US3] is not known of a model without a price", async () => {
    const { body } = await run(await asking("gpt-nobody-knows"));
    expect(body.status).toBe("COMPLETED");
    expect(body.stats.input_tokens).toBeGreaterThan(0);
    expect(body.stats).not.toHaveProperty("cost_usd");
    expect((await askingNode(body.id)).usage).not.toHaveProperty("cost_usd");
  });

  it("[RU4] is nothing again when results are taken over, and the node still says what they have cost", async () => {
    const first = (await run(await asking("gpt-4o-mini"))).body;
    const { body: again } = await call(`/${first.id}/retry`, { wait_seconds: 30 });
    expect(again).toMatchObject({ status: "COMPLETED", stats: { input_tokens: 0, output_tokens: 0 } });
    expect(again.stats).not.toHaveProperty("cost_usd");
    expect(await askingNode(again.id)).toMatchObject({ reused: "memo", usage: { cost_usd: first.stats.cost_usd } });
  });
});
