import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { blockRegistry } from "#blocks/registry.ts";
import { childExecutionId } from "#durable-objects/execution/effects.ts";
import type { ExecutionObject } from "#durable-objects/execution/execution.ts";
import { valueOf } from "#durable-objects/execution/outcome.testkit.ts";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import type { JsonObject } from "#graph/json.ts";
import { importGraph } from "#graph/model/import-graph.ts";
import { compilePlan } from "#graph/plan/compile-plan.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { agentFile, runningAgent } from "#test/agent-file.ts";
import type { Shape } from "#test/agent-file.ts";
import { until } from "#test/workerd/until.ts";
import { createDeps } from "#worker/compose.ts";
import { executionStub } from "#worker/env.ts";
import type { Env } from "#worker/env.ts";
import { createGraph } from "./graph-service.ts";

const env = testEnv as unknown as Env;
const principal = {
  workspaceId: "sub-agents",
  userId: "u",
  via: "session",
  scopes: ["EXECUTE_GRAPH", "READ_GRAPH", "WRITE_GRAPH", "WRITE_LIBRARY"],
} as unknown as Parameters<typeof createGraph>[1];

/** An agent that gives as `item` what these nodes make of `items`. */
function itemsToItem(name: string, nodes: Shape["nodes"], links: Shape["links"]): JsonObject {
  return agentFile(name, "An agent that is run by another one.", {
    nodes: { in: ["input", { name: "items", value: null }], ...nodes, out: ["output", { name: "item" }] },
    links,
  });
}

/** Gives each item of `items` as `item`, after waiting `days`. */
const childGraph = (days: number): JsonObject =>
  itemsToItem("child", { wait: ["timer", { days }], each: ["steps"] }, [
    ["in.result", "wait.input_message"],
    ["wait.output_message", "each.items"],
    ["each.item", "out.value"],
  ]);

/** Asks a model with `items` as the prompt, then a person whether the answer is to be given as `item`. */
const askingGraph = (): JsonObject =>
  itemsToItem("asking child", { ask: ["ask", { model: "gpt-4o-mini" }], review: ["review", { name: "good?" }] }, [
    ["in.result", "ask.prompt"],
    ["ask.response", "review.data"],
    ["review.approved_data", "out.value"],
  ]);

/** Gives as `item` what one person makes of `items`, and then what a second one makes of that. */
const twiceReviewedGraph = (): JsonObject =>
  itemsToItem(
    "twice reviewed child",
    { first: ["review", { name: "good?" }], second: ["review", { name: "better?" }] },
    [
      ["in.result", "first.data"],
      ["first.approved_data", "out.value"],
      ["first.approved_data", "second.data"],
      ["second.approved_data", "out.value"],
    ],
  );

/** Gives as `result` what the child makes of `list`, which it takes at `pin`. */
function parentGraph(child: { id: string; version: number }, pin: "items" | "list" = "items"): JsonObject {
  return agentFile("parent", "An agent that runs another one.", {
    nodes: {
      in: ["input", { name: "list", value: null }],
      agent: runningAgent(child, { takes: pin, gives: "item" }),
      out: ["output", { name: "result" }],
    },
    links: [
      ["in.result", `agent.${pin}`],
      ["agent.item", "out.value"],
    ],
  });
}

async function storedPlan(graph: object): Promise<Plan> {
  const stored = await createGraph(createDeps(env), principal, graph as never);
  return compilePlan(importGraph({ ...stored }, blockRegistry.catalog).graph, blockRegistry.catalog);
}

async function start(plan: Plan, inputs: object, waitMs: number): Promise<{ id: string; view: ExecutionView }> {
  const id = crypto.randomUUID();
  const request = {
    execution_id: id,
    workspace_id: principal.workspaceId,
    plan,
    inputs: inputs as never,
    source: "test",
  };
  return { id, view: valueOf(await executionStub(env, id).start(request, waitMs)) };
}

function inside(id: string): DurableObjectStub<ExecutionObject> {
  return executionStub(env, id) as unknown as DurableObjectStub<ExecutionObject>;
}

beforeAll(async () => {
  await env.DB.prepare("INSERT INTO workspace (id, name, created_at) VALUES (?, ?, ?)")
    .bind(principal.workspaceId, "w", 0)
    .run();
});

describe("an agent that runs an agent", () => {
  it("[CH1] [CH2] gives the child's outputs as its own", async () => {
    const child = await storedPlan(childGraph(0));
    const plan = await storedPlan(parentGraph({ id: child.graph_id, version: child.graph_version }));
    const { id, view } = await start(plan, { list: ["a", "b", "c"] }, 20_000);
    expect(view).toMatchObject({ status: "COMPLETED", outputs: { result: ["a", "b", "c"] } });
    const { items } = valueOf(await executionStub(env, id).nodeExecutions(principal.workspaceId, null, 10));
    const agent = items.find(({ node_id }) => node_id === "agent");
    expect(agent?.output).toEqual({ item: ["a", "b", "c"] });
    const run = valueOf(
      await executionStub(env, childExecutionId(id, agent?.node_execution_id ?? "")).view(principal.workspaceId),
    );
    expect(run).toMatchObject({ status: "COMPLETED", parent_execution_id: id, source: "agent" });
  });

  it("[CH2] has the child's outputs as soon as the child does, which goes on", async () => {
    const child = await storedPlan(twiceReviewedGraph());
    const plan = await storedPlan(parentGraph({ id: child.graph_id, version: child.graph_version }));
    const { id } = await start(plan, { list: "zero" }, 0);
    const stub = executionStub(env, id);
    const childStub = executionStub(env, childExecutionId(id, "n2"));
    const given = async (): Promise<unknown[]> =>
      valueOf(await stub.events(principal.workspaceId, 0, 100)).items.flatMap((event) =>
        event.type === "node_output" && event.node_id === "agent" ? [[event.pin, event.value]] : [],
      );
    const approve = async (node: string, data: string): Promise<void> => {
      let review: string | undefined;
      await until(async () => {
        const asked = await childStub.reviews(principal.workspaceId);
        review = asked.ok ? asked.value.find(({ node_id }) => node_id === node)?.review_id : undefined;
        return review !== undefined;
      });
      valueOf(await childStub.review(principal.workspaceId, review ?? "", { approved: true, data }, false));
    };
    await approve("first", "one");
    await until(async () => (await given()).length > 0);
    expect(await given()).toEqual([["item", "one"]]);
    expect(valueOf(await stub.view(principal.workspaceId))).toMatchObject({
      outputs: { result: ["one"] },
      ended_at: null,
    });
    await until(async () => valueOf(await childStub.view(principal.workspaceId)).status === "REVIEW");
    expect(valueOf(await childStub.view(principal.workspaceId)).ended_at).toBeNull();
    await approve("second", "two");
    expect(valueOf(await stub.wait(principal.workspaceId, 20_000))).toMatchObject({
      status: "COMPLETED",
      outputs: { result: ["one", "two"] },
    });
    expect(await given()).toEqual([
      ["item", "one"],
      ["item", "two"],
    ]);
  });

  it("[CH4] that comes after its parent's end stops itself, and one that nobody knows too", async () => {
    const plan = await storedPlan(childGraph(1));
    const ended = await start(plan, { items: [] }, 0);
    valueOf(await executionStub(env, ended.id).cancel(principal.workspaceId, "test"));
    for (const parentId of [ended.id, crypto.randomUUID()]) {
      const id = crypto.randomUUID();
      const parent = { execution_id: parentId, ne: "n2", hops: 1, root_graph_id: plan.graph_id, root_graph_version: 1 };
      const request = {
        execution_id: id,
        workspace_id: principal.workspaceId,
        plan,
        inputs: { items: [1] },
        source: "agent",
      };
      valueOf(await executionStub(env, id).start({ ...request, parent }, 0));
      await until(
        async () => valueOf(await executionStub(env, id).view(principal.workspaceId)).status === "TERMINATED",
      );
    }
  });

  it("[CH3] [CH4] survives the eviction of both, holds and stops its child with itself", async () => {
    const child = await storedPlan(childGraph(300));
    const plan = await storedPlan(parentGraph({ id: child.graph_id, version: child.graph_version }));
    const { id } = await start(plan, { list: [1] }, 0);
    const stub = executionStub(env, id);
    const childId = childExecutionId(id, "n2");
    const childStub = executionStub(env, childId);
    const waits = async (): Promise<boolean> => (await childStub.events(principal.workspaceId, 0, 100)).ok;
    await until(waits);
    await until(async () =>
      valueOf(await childStub.events(principal.workspaceId, 0, 100)).items.some(({ type }) => type === "node_waiting"),
    );
    await evictDurableObject(inside(id));
    await evictDurableObject(inside(childId));
    valueOf(await stub.pause(principal.workspaceId));
    await until(async () => valueOf(await childStub.view(principal.workspaceId)).paused);
    valueOf(await stub.unpause(principal.workspaceId));
    await until(async () => !valueOf(await childStub.view(principal.workspaceId)).paused);
    valueOf(await stub.cancel(principal.workspaceId, "enough"));
    await until(async () => valueOf(await childStub.view(principal.workspaceId)).status === "TERMINATED");
  });

  it("[CH3] lets a sleeping child that is loaded again sleep on, with no other alarm than that of its own wait", async () => {
    const child = await storedPlan(childGraph(300));
    const plan = await storedPlan(parentGraph({ id: child.graph_id, version: child.graph_version }));
    const { id } = await start(plan, { list: [1] }, 0);
    const childId = childExecutionId(id, "n2");
    const asleep = async (): Promise<boolean> => {
      const events = await executionStub(env, childId).events(principal.workspaceId, 0, 100);
      return events.ok && events.value.items.some(({ type }) => type === "node_waiting");
    };
    await until(asleep);
    await evictDurableObject(inside(childId));
    expect(await runDurableObjectAlarm(inside(childId))).toBe(true);
    const alarm = await runInDurableObject(inside(childId), (_, { storage }) => storage.getAlarm());
    expect(alarm).toBeGreaterThan(Date.now() + 299 * 86_400_000);
    valueOf(await executionStub(env, id).cancel(principal.workspaceId, "enough"));
  });

  it("[CH3] starts a child that is not there when it looks after it, and takes news that were lost", async () => {
    const child = await storedPlan(childGraph(0));
    const plan = await storedPlan(parentGraph({ id: child.graph_id, version: child.graph_version }));
    const id = crypto.randomUUID();
    const stub = executionStub(env, id);
    await runInDurableObject(inside(id), (instance) => {
      const own = instance as unknown as { env: Env };
      own.env = {
        ...own.env,
        WORK_RUNNER: { ...own.env.WORK_RUNNER, startChild: async () => Promise.reject(new Error("lost")) } as never,
      };
    });
    const request = {
      execution_id: id,
      workspace_id: principal.workspaceId,
      plan,
      inputs: { list: [7] },
      source: "test",
    };
    valueOf(await stub.start(request, 0));
    await until(async () =>
      valueOf(await stub.events(principal.workspaceId, 0, 100)).items.some(({ type }) => type === "node_waiting"),
    );
    await evictDurableObject(inside(id));
    expect(await runDurableObjectAlarm(inside(id))).toBe(true);
    expect(valueOf(await stub.wait(principal.workspaceId, 20_000))).toMatchObject({
      status: "COMPLETED",
      outputs: { result: [7] },
    });
  });

  it("[US4] has its child's tokens and cost once, whatever is evicted meanwhile and however often it is told", async () => {
    const child = await storedPlan(askingGraph());
    const plan = await storedPlan(parentGraph({ id: child.graph_id, version: child.graph_version }));
    const { id } = await start(plan, { list: "Why is the sky blue?" }, 0);
    const stub = executionStub(env, id);
    const childId = childExecutionId(id, "n2");
    const childStub = executionStub(env, childId);
    const childEvents = async () => {
      const page = await childStub.events(principal.workspaceId, 0, 100);
      return page.ok ? page.value.items : [];
    };
    await until(async () => (await childEvents()).some(({ type }) => type === "node_waiting"));
    expect(valueOf(await stub.view(principal.workspaceId)).stats.input_tokens).toBe(0);
    await evictDurableObject(inside(id));
    await evictDurableObject(inside(childId));
    const [review] = valueOf(await childStub.reviews(principal.workspaceId));
    const approved = { approved: true };
    valueOf(await childStub.review(principal.workspaceId, review?.review_id ?? "", approved, false));
    const ended = valueOf(await stub.wait(principal.workspaceId, 20_000));
    expect(ended.status).toBe("COMPLETED");
    const { stats } = valueOf(await childStub.view(principal.workspaceId));
    const { input_tokens, output_tokens, cost_usd } = stats;
    expect(input_tokens).toBeGreaterThan(0);
    expect(cost_usd).toBeGreaterThan(0);
    const used = { input_tokens, output_tokens, cost_usd };
    expect(ended.stats).toMatchObject(used);
    const { items } = valueOf(await stub.nodeExecutions(principal.workspaceId, null, 10));
    expect(items.find(({ node_id }) => node_id === "agent")?.usage).toEqual({ ...used, calls: 1 });
    const told = { ...valueOf(await childStub.newsFor(principal.workspaceId, 0)), ne: "n2" };
    expect(told.end?.usage).toEqual({ ...used, calls: 1 });
    await evictDurableObject(inside(id));
    expect(await stub.takeChildNews(principal.workspaceId, told)).toEqual({ outputs: -1 });
    expect(valueOf(await stub.view(principal.workspaceId)).stats).toEqual(ended.stats);
  });

  it("[CH5] refuses a chain without end, and names the reason in every run above", async () => {
    const graph = { ...parentGraph({ id: "self", version: 1 }, "list"), id: "self" };
    const stored = (await createGraph(createDeps(env), principal, graph as never)) as unknown as { id: string };
    const plan = compilePlan(importGraph({ ...stored }, blockRegistry.catalog).graph, blockRegistry.catalog);
    const agent = plan.nodes.find((node) => node.id === "agent");
    expect(agent?.input_default.graph_id).toBe(stored.id);
    const { view } = await start(plan, { list: [1] }, 30_000);
    expect(view).toMatchObject({ status: "FAILED", error: { code: "too_many_hops" } });
  }, 60_000);

  it("fails with the reason when the agent is not there", async () => {
    const plan = await storedPlan(parentGraph({ id: crypto.randomUUID(), version: 3 }));
    const { view } = await start(plan, { list: [] }, 20_000);
    expect(view).toMatchObject({ status: "FAILED", error: { code: "not_found", node_id: "agent" } });
  });
});
