import { beforeAll, describe, expect, it } from "vitest";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import { askedPeople } from "#test/workerd/asked-people.ts";
import { createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Failure, Tenant } from "#test/workerd/api-client.ts";
import { inputNode as input, outputNode as output, saveGraph } from "#test/workerd/test-graph.ts";
import type { TestNode } from "#test/workerd/test-graph.ts";
import { executionStub } from "#worker/env.ts";

let tenant: Tenant;
let stranger: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
  stranger = await createTenant();
});

const graph = async (nodes: TestNode[], ...links: string[]): Promise<string> =>
  (await saveGraph(tenant, nodes, ...links)).id;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const call = <T = ExecutionView>(path: string, body?: unknown, by = tenant): Promise<Answer<T>> =>
  by.client.call<T>(`${RUNS}${path}`, { method: "POST", ...(body === undefined ? {} : { body }) });

async function finished(graph_id: string, inputs: object): Promise<ExecutionView> {
  const { status, body } = await call("", { graph_id, inputs, wait_seconds: 30 });
  expect(status).toBe(200);
  return body;
}

describe("runs without end", () => {
  it("[EN3] a cycle ends at the limit of steps", async () => {
    const id = await graph(
      [input("a"), ["sum", "calculator", { operation: "Add", b: 1 }]],
      "in_a.result sum.a",
      "sum.result sum.a",
    );
    expect(await finished(id, { a: 1 })).toMatchObject({
      status: "FAILED",
      error: { code: "step_limit", node_id: "sum" },
      stats: { node_execution_count: 10_000 },
    });
  }, 60_000);

  it.each([
    ["pure", "store", "input"],
    ["effectful", "print", "text"],
  ] as const)(
    "[EN3] a fan-out of 1,000 times 1,000 ends at the limit of steps (%s)",
    async (_kind, block, pin) => {
      const id = await graph(
        [input("items"), ["each", "steps"], ["again", "steps", { items: numbers(1_000) }], ["sink", block]],
        "in_items.result each.items",
        "each.item again.items_object_#_x",
        `again.item sink.${pin}`,
      );
      expect(await finished(id, { items: numbers(1_000) })).toMatchObject({
        status: "FAILED",
        error: { code: "step_limit" },
        stats: { node_execution_count: 10_000 },
      });
    },
    60_000,
  );

  it("[BI8] a fan-out of 1,000,000 at once is refused by its block", async () => {
    const id = await graph(
      [input("items"), ["each", "steps"], output("item")],
      "in_items.result each.items",
      "each.item out_item.value",
    );
    expect(await finished(id, { items: numbers(1_000_000) })).toMatchObject({
      status: "FAILED",
      error: { code: "too_many_items", node_id: "each" },
      outputs: {},
    });
  }, 60_000);

  it("[BI7] values that never meet their partners end the run before it takes all memory", async () => {
    const id = await graph(
      [
        input("items"),
        ["each", "steps"],
        ["again", "steps", { items: numbers(9_000) }],
        ["never", "steps"],
        ["pair", "calculator", { operation: "Add" }],
      ],
      "in_items.result each.items",
      "each.item again.items_object_#_x",
      "again.item pair.a",
      "never.item pair.b",
    );
    expect(await finished(id, { items: numbers(20) })).toMatchObject({
      status: "FAILED",
      error: { code: "too_many_incomplete" },
    });
  }, 60_000);
});

describe("a run that is over", () => {
  it("[BI10] [EN6] is answered as it is by a second cancel, by pause and by resume", async () => {
    const id = await graph([input("a"), output("a")], "in_a.result out_a.value");
    const done = await finished(id, { a: 1 });
    expect(done.status).toBe("COMPLETED");
    for (const action of ["cancel", "cancel", "pause", "resume"]) {
      const answer = await call(`/${done.id}/${action}`);
      expect([answer.status, answer.body]).toEqual([200, done]);
    }
  });

  it("[BI10] a run that waits is stopped once, whatever is sent again", async () => {
    const { id, last_seq } = await asking();
    const first = await call(`/${id}/cancel`);
    expect([first.status, first.body.status]).toEqual([200, "TERMINATED"]);
    expect(first.body.last_seq).toBeGreaterThan(last_seq);
    const [second, third] = await Promise.all([call(`/${id}/cancel`), call(`/${id}/cancel`)]);
    expect([second?.body, third?.body]).toEqual([first.body, first.body]);
  });

  it("[BI12] is retried and forked though its agent was deleted", async () => {
    const graphId = await graph(
      [input("a"), ["div", "calculator", { operation: "Divide", b: 0 }], output("q")],
      "in_a.result div.a",
      "div.result out_q.value",
    );
    const failed = await finished(graphId, { a: 8 });
    expect(failed).toMatchObject({ status: "FAILED", error: { code: "division_by_zero" } });
    expect((await tenant.client.call(`/api/v1/graphs/${graphId}`, { method: "DELETE" })).status).toBeLessThan(300);
    expect((await call("", { graph_id: graphId, inputs: { a: 8 } })).status).toBe(404);
    expect((await call(`/${failed.id}/retry?wait_seconds=30`)).body).toMatchObject({
      status: "FAILED",
      retried_from: failed.id,
    });
    const forked = await call(`/${failed.id}/fork?wait_seconds=30`, { node_execution_id: "n2", inputs: { b: 2 } });
    expect(forked.body).toMatchObject({ status: "COMPLETED", outputs: { q: [4] }, graph_id: graphId });
  });
});

/** A run that asks a person. */
async function asking(): Promise<ExecutionView & { review: string }> {
  const graphId = await graph(
    [input("a"), ["ask", "review", { name: "ok?" }], output("a")],
    "in_a.result ask.data",
    "ask.approved_data out_a.value",
  );
  const { body } = await call("", { graph_id: graphId, inputs: { a: { n: 1 } } });
  const [{ review_id: review }] = await askedPeople(tenant, body.id);
  const run = await tenant.client.call<ExecutionView>(`${RUNS}/${body.id}`);
  expect(run.body.status).toBe("REVIEW");
  return { ...run.body, review };
}

describe("decisions", () => {
  const MALFORMED: [string, unknown, number][] = [
    ["nothing", "", 400],
    ["no JSON", "{", 400],
    ["a list", [], 422],
    ["no decision", {}, 422],
    ["a text for yes", { approved: "yes" }, 422],
    ["null for yes", { approved: null }, 422],
    ["a message that is no text", { approved: true, message: 3 }, 422],
    ["a waiver that is no truth value", { approved: true, auto_approve_future: "all" }, 422],
    ["an unknown key", { approved: true, workspace_id: "theirs" }, 422],
    ["a name that would pollute", '{"approved":true,"data":{"__proto__":{"polluted":true}}}', 400],
    ["data without end", `{"approved":true,"data":${"[".repeat(1_000)}${"]".repeat(1_000)}}`, 400],
  ];

  it("[BI11] that are malformed, a stranger's or for no review are refused, and the review waits on", async () => {
    const { id, review, ...before } = await asking();
    for (const [what, body, status] of MALFORMED) {
      expect((await call(`/${id}/reviews/${review}`, body)).status, what).toBe(status);
    }
    const yes = { approved: true };
    expect((await call(`/${id}/reviews/${review}`, yes, stranger)).status).toBe(404);
    expect((await call(`/${crypto.randomUUID()}/reviews/${review}`, yes)).status).toBe(404);
    for (const other of ["n1", "n99", "constructor", "%00"]) {
      const answer = await call<Failure>(`/${id}/reviews/${other}`, yes);
      expect([404, 409], other).toContain(answer.status);
    }
    const now = await tenant.client.call<ExecutionView>(`${RUNS}/${id}`);
    expect(now.body).toEqual({ id, ...before });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("[BI11] [WT4] are taken once: the second, and one after the end, is 409", async () => {
    const { id, review } = await asking();
    const both = await Promise.all([
      call<Failure>(`/${id}/reviews/${review}`, { approved: true, data: "first" }),
      call<Failure>(`/${id}/reviews/${review}`, { approved: false }),
    ]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    await executionStub(testEnv, id).wait(tenant.workspaceId, 30_000);
    const late = await call<Failure>(`/${id}/reviews/${review}`, { approved: true });
    expect([late.status, late.body.error.code]).toEqual([409, "review_not_pending"]);
  });
});
