import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { childExecutionId } from "#durable-objects/execution/effects.ts";
import type { ExecutionObject } from "#durable-objects/execution/execution.ts";
import { importGraph } from "#graph/model/import-graph.ts";
import { compilePlan } from "#graph/plan/compile-plan.ts";
import type { ExecutionView, Outcome } from "#durable-objects/execution/protocol.ts";
import { blockRegistry } from "#blocks/registry.ts";
import type { Plan } from "#graph/plan/plan.ts";
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

const INPUT = "c0a8e994-ebf1-4a9c-a4d8-89d09c86741b";
const OUTPUT = "363ae599-353e-4804-937e-b2ee3cef3da4";
const AGENT = "e189baac-8c20-45a1-94a7-55177ea42565";
const COUNTDOWN = "d67a9c52-5e4e-11e2-bcfd-0800200c9a71";
const ASK = "1f292d4a-41a4-4977-9684-7c8d560b9f91";
const REVIEW = "8b2a7b3c-6e9d-4a5f-8c1b-2e3f4a5b6c7d";
const STEP = "f66a3543-28d3-4ab5-8945-9b336371e2ce";

let links = 0;
function link(source: string, sink: string): object {
  const [source_id, source_name] = source.split(".");
  const [sink_id, sink_name] = sink.split(".");
  return { id: `l${(links += 1)}`, source_id, source_name, sink_id, sink_name };
}

/** Gives each item of `items` as `item`, after waiting `days`. */
function childGraph(days: number): object {
  const nodes = [
    { id: "in", block_id: INPUT, input_default: { name: "items", value: null } },
    { id: "wait", block_id: COUNTDOWN, input_default: { days } },
    { id: "each", block_id: STEP, input_default: {} },
    { id: "out", block_id: OUTPUT, input_default: { name: "item" } },
  ];
  const wires = [
    link("in.result", "wait.input_message"),
    link("wait.output_message", "each.items"),
    link("each.item", "out.value"),
  ];
  return { name: "child", nodes, links: wires };
}

/** Asks a model with `items` as the prompt, then a person whether the answer is to be given as `item`. */
function askingGraph(): object {
  const nodes = [
    { id: "in", block_id: INPUT, input_default: { name: "items", value: null } },
    { id: "ask", block_id: ASK, input_default: { model: "gpt-4o-mini" } },
    { id: "review", block_id: REVIEW, input_default: { name: "good?" } },
    { id: "out", block_id: OUTPUT, input_default: { name: "item" } },
  ];
  const wires = [
    link("in.result", "ask.prompt"),
    link("ask.response", "review.data"),
    link("review.approved_data", "out.value"),
  ];
  return { name: "asking child", nodes, links: wires };
}

/** Gives as `item` what one person makes of `items`, and then what a second one makes of that. */
function twiceReviewedGraph(): object {
  const nodes = [
    { id: "in", block_id: INPUT, input_default: { name: "items", value: null } },
    { id: "first", block_id: REVIEW, input_default: { name: "good?" } },
    { id: "second", block_id: REVIEW, input_default: { name: "better?" } },
    { id: "out", block_id: OUTPUT, input_default: { name: "item" } },
  ];
  const wires = [
    link("in.result", "first.data"),
    link("first.approved_data", "out.value"),
    link("first.approved_data", "second.data"),
    link("second.approved_data", "out.value"),
  ];
  return { name: "twice reviewed child", nodes, links: wires };
}

function parentGraph(child: { id: string; version: number }, pin = "items"): object {
  const schema = (name: string): object => ({ type: "object", properties: { [name]: {} }, required: [] });
  const agent = {
    graph_id: child.id,
    graph_version: child.version,
    inputs: {},
    input_schema: schema(pin),
    output_schema: schema("item"),
  };
  const nodes = [
    { id: "in", block_id: INPUT, input_default: { name: "list", value: null } },
    { id: "agent", block_id: AGENT, input_default: { user_id: "", ...agent } },
    { id: "out", block_id: OUTPUT, input_default: { name: "result" } },
  ];
  return { name: "parent", nodes, links: [link("in.result", `agent.${pin}`), link("agent.item", "out.value")] };
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
  return { id, view: value(await executionStub(env, id).start(request, waitMs)) };
}

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) {
    throw new Error(outcome.message);
  }
  return outcome.value;
}

function inside(id: string): DurableObjectStub<ExecutionObject> {
  return executionStub(env, id) as unknown as DurableObjectStub<ExecutionObject>;
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
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
    const { items } = value(await executionStub(env, id).nodeExecutions(principal.workspaceId, null, 10));
    const agent = items.find(({ node_id }) => node_id === "agent");
    expect(agent?.output).toEqual({ item: ["a", "b", "c"] });
    const run = value(
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
      value(await stub.events(principal.workspaceId, 0, 100)).items.flatMap((event) =>
        event.type === "node_output" && event.node_id === "agent" ? [[event.pin, event.value]] : [],
      );
    const approve = async (node: string, data: string): Promise<void> => {
      let review: string | undefined;
      await until(async () => {
        const asked = await childStub.reviews(principal.workspaceId);
        review = asked.ok ? asked.value.find(({ node_id }) => node_id === node)?.review_id : undefined;
        return review !== undefined;
      });
      value(await childStub.review(principal.workspaceId, review ?? "", { approved: true, data }, false));
    };
    await approve("first", "one");
    await until(async () => (await given()).length > 0);
    expect(await given()).toEqual([["item", "one"]]);
    expect(value(await stub.view(principal.workspaceId))).toMatchObject({
      outputs: { result: ["one"] },
      ended_at: null,
    });
    expect(value(await childStub.view(principal.workspaceId))).toMatchObject({ status: "REVIEW", ended_at: null });
    await approve("second", "two");
    expect(value(await stub.wait(principal.workspaceId, 20_000))).toMatchObject({
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
    value(await executionStub(env, ended.id).cancel(principal.workspaceId, "test"));
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
      value(await executionStub(env, id).start({ ...request, parent }, 0));
      await until(async () => value(await executionStub(env, id).view(principal.workspaceId)).status === "TERMINATED");
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
      value(await childStub.events(principal.workspaceId, 0, 100)).items.some(({ type }) => type === "node_waiting"),
    );
    await evictDurableObject(inside(id));
    await evictDurableObject(inside(childId));
    value(await stub.pause(principal.workspaceId));
    await until(async () => value(await childStub.view(principal.workspaceId)).paused);
    value(await stub.unpause(principal.workspaceId));
    await until(async () => !value(await childStub.view(principal.workspaceId)).paused);
    value(await stub.cancel(principal.workspaceId, "enough"));
    await until(async () => value(await childStub.view(principal.workspaceId)).status === "TERMINATED");
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
    value(await executionStub(env, id).cancel(principal.workspaceId, "enough"));
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
    value(await stub.start(request, 0));
    await until(async () =>
      value(await stub.events(principal.workspaceId, 0, 100)).items.some(({ type }) => type === "node_waiting"),
    );
    await evictDurableObject(inside(id));
    expect(await runDurableObjectAlarm(inside(id))).toBe(true);
    expect(value(await stub.wait(principal.workspaceId, 20_000))).toMatchObject({
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
    expect(value(await stub.view(principal.workspaceId)).stats.input_tokens).toBe(0);
    await evictDurableObject(inside(id));
    await evictDurableObject(inside(childId));
    const [review] = value(await childStub.reviews(principal.workspaceId));
    const approved = { approved: true };
    value(await childStub.review(principal.workspaceId, review?.review_id ?? "", approved, false));
    const ended = value(await stub.wait(principal.workspaceId, 20_000));
    expect(ended.status).toBe("COMPLETED");
    const { stats } = value(await childStub.view(principal.workspaceId));
    const { input_tokens, output_tokens, cost_usd } = stats;
    expect(input_tokens).toBeGreaterThan(0);
    expect(cost_usd).toBeGreaterThan(0);
    const used = { input_tokens, output_tokens, cost_usd };
    expect(ended.stats).toMatchObject(used);
    const { items } = value(await stub.nodeExecutions(principal.workspaceId, null, 10));
    expect(items.find(({ node_id }) => node_id === "agent")?.usage).toEqual({ ...used, calls: 1 });
    const told = { ...value(await childStub.newsFor(principal.workspaceId, 0)), ne: "n2" };
    expect(told.end?.usage).toEqual({ ...used, calls: 1 });
    await evictDurableObject(inside(id));
    expect(await stub.takeChildNews(principal.workspaceId, told)).toEqual({ outputs: -1 });
    expect(value(await stub.view(principal.workspaceId)).stats).toEqual(ended.stats);
  });

  it("[CH5] refuses a chain without end, and names the reason in every run above", async () => {
    const graph = parentGraph({ id: "self", version: 1 }, "list") as {
      nodes: { id: string; input_default: Record<string, unknown> }[];
    };
    const stored = (await createGraph(createDeps(env), principal, { ...graph, id: "self" } as never)) as unknown as {
      id: string;
    };
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
