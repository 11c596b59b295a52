import { evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { ExecutionView, NodeExecutionDetail, NodeExecutionPage } from "#durable-objects/execution/protocol.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import type { Shape } from "#test/agent-file.ts";
import { askedPeople } from "#test/workerd/asked-people.ts";
import { createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Failure, Tenant } from "#test/workerd/api-client.ts";
import { saveGraph } from "#test/workerd/test-graph.ts";
import type { SavedGraph } from "#test/workerd/test-graph.ts";
import { executionStub } from "#worker/env.ts";

let tenant: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
});

const NODES = {
  items: ["input", { name: "items" }],
  each: ["steps"],
  add: ["calculator", { operation: "Add", b: 1 }],
  ask: ["review", { name: "ok?" }],
  all: ["collect"],
  pairs: ["collect", { count: 2 }],
  list: ["output", { name: "list" }],
  count: ["output", { name: "count" }],
} satisfies Shape["nodes"];

const graph = (nodes: (keyof typeof NODES)[], links: string[]): Promise<SavedGraph> =>
  saveGraph(
    tenant,
    nodes.map((id) => [id, ...NODES[id]]),
    ...links,
  );

const start = <T = ExecutionView>(graph_id: string, inputs: object, wait_seconds = 30): Promise<Answer<T>> =>
  tenant.client.call<T>(RUNS, { body: { graph_id, inputs, wait_seconds } });

const get = async <T>(path: string): Promise<T> => (await tenant.client.call<T>(`${RUNS}/${path}`)).body;

describe("a run that gathers", () => {
  it("[GA1] [GA3] [GA7] joins a thousand items, each through a node of its own", async () => {
    const body = await graph(
      ["items", "each", "add", "all", "list", "count"],
      [
        "items.result each.items",
        "each.item add.a",
        "add.result all.item",
        "all.list list.value",
        "all.count count.value",
      ],
    );
    const numbers = Array.from({ length: 1_000 }, (_, index) => index);
    const run = await start(body.id, { items: numbers });
    expect(run.body).toMatchObject({
      status: "COMPLETED",
      outputs: { list: [numbers.map((number) => number + 1)], count: [1_000] },
      stats: { node_execution_count: 1_005 },
    });
    const { items } = await get<{ items: ExecutionEvent[] }>(`${run.body.id}/events?limit=1000&after=6500`);
    const queued = items.find((event) => event.type === "node_queued" && event.node_id === "all");
    expect(queued).toMatchObject({ input: { item: numbers.map((number) => number + 1) } });
    expect(items.filter((event) => event.type === "node_input" && event.node_id === "all")[0]).toMatchObject({
      pin: "item",
      gathered: true,
    });
    const ne = queued?.type === "node_queued" ? queued.node_execution_id : "";
    const detail = await get<NodeExecutionDetail>(`${run.body.id}/nodes/${ne}`);
    expect(detail.causes).toHaveLength(1_000);
    expect(detail.causes[999]).toMatchObject({ pin: "item", node_id: "add", source_name: "result" });
    expect(detail.input.item).toHaveLength(1_000);
  });

  it("[GA2] makes a list of every two", async () => {
    const body = await graph(
      ["items", "each", "pairs", "list"],
      ["items.result each.items", "each.item pairs.item", "pairs.list list.value"],
    );
    const run = await start(body.id, { items: ["a", "b", "c", "d", "e"] });
    expect(run.body).toMatchObject({
      status: "COMPLETED",
      outputs: {
        list: [
          ["a", "b"],
          ["c", "d"],
        ],
      },
    });
  });

  it("[GA3] waits for people, and goes on from where it was after an eviction", async () => {
    const body = await graph(
      ["items", "each", "ask", "all", "list"],
      ["items.result each.items", "each.item ask.data", "ask.approved_data all.item", "all.list list.value"],
    );
    const { id } = (await start(body.id, { items: ["a", "b", "c"] }, 1)).body;
    const stub = executionStub(testEnv, id);
    const reviews = await askedPeople(tenant, id, 3);
    expect(reviews).toHaveLength(3);
    for (const [index, { review_id }] of reviews.toReversed().entries()) {
      await evictDurableObject(stub as unknown as DurableObjectStub);
      const { status } = await get<ExecutionView>(id);
      expect(status).not.toBe("COMPLETED");
      await tenant.client.call(`${RUNS}/${id}/reviews/${review_id}`, { body: { approved: index !== 1 } });
    }
    expect(await stub.wait(tenant.workspaceId, 30_000)).toMatchObject({
      ok: true,
      value: { status: "COMPLETED", outputs: { list: [["a", "c"]] } },
    });
    const { items } = await get<NodeExecutionPage>(`${id}/nodes?limit=100`);
    expect(items.filter(({ node_id }) => node_id === "all")).toMatchObject([{ input: { item: ["a", "c"] } }]);
  });

  it("[GA4] may be drawn in a circle, and is refused when it is to run", async () => {
    const body = await graph(
      ["items", "add", "all", "list"],
      ["items.result add.a", "add.result all.item", "all.count add.a", "all.list list.value"],
    );
    const refused = await start<Failure>(body.id, { items: 1 });
    expect(refused.status).toBe(422);
    expect(JSON.stringify(refused.body)).toContain("gathers until everything before it is over");
  });
});
