import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import type { Block } from "#blocks/define-block.ts";
import { blockRegistry } from "#blocks/registry.ts";
import { testContext, wholeBy } from "#blocks/test-context.testkit.ts";
import { importGraph } from "#graph/model/import-graph.ts";
import { compilePlan } from "#graph/plan/compile-plan.ts";
import {
  isolate,
  isolatedObject,
  nodeExecutionsOf,
  workSession,
  WORKSPACE,
} from "#test/workerd/isolated-object.testkit.ts";

const WEB_REQUEST = "6595ae1f-b924-42cb-9a41-551a0611c4b4";

const real = Date.now;
afterEach(() => {
  Date.now = real;
});

/** The real block, before a server that answers everything and keeps the methods it was asked with. */
function requester(): { block: Block; asked: string[] } {
  const asked: string[] = [];
  const block = blockRegistry.get(WEB_REQUEST);
  if (block === undefined) {
    throw new Error("there is no such block");
  }
  const run: Block["run"] = ({ input, ctx }) =>
    block.run({
      input,
      ctx: {
        ...testContext().ctx,
        retriesLeft: (code) => ctx.retriesLeft(code),
        idempotencyKey: ctx.idempotencyKey,
        request: wholeBy(async (_, init) => {
          asked.push(init?.method ?? "GET");
          return new Response("fine", { headers: { "content-type": "text/plain" } });
        }),
      },
    });
  return { block: { ...block, run }, asked };
}

describe("a web request whose consumer vanished", () => {
  it.each([
    ["GET", "COMPLETED", undefined],
    ["DELETE", "COMPLETED", undefined],
    ["POST", "FAILED", "outcome_unknown"],
    ["PATCH", "FAILED", "outcome_unknown"],
  ])("[LS5] [LS8] with %s is %s", async (method, status, code) => {
    const node = { id: "ask", block_id: WEB_REQUEST, input_default: { url: "https://a.test/", method } };
    const { graph } = importGraph({ name: "request", nodes: [node], links: [] }, blockRegistry.catalog);
    const plan = compilePlan(graph, blockRegistry.catalog);
    const object = await isolatedObject();
    await object.stub.start({ execution_id: object.id, workspace_id: WORKSPACE, plan, inputs: {}, source: "test" }, 0);
    const { leases } = await object.stub.lease({ pool: "io", max: 1, consumer: "dies" });
    expect(leases).toHaveLength(1);
    const later = Date.now() + 3_600_000;
    Date.now = () => later;
    await isolate(object);
    await runDurableObjectAlarm(object.inside);
    const { block, asked } = requester();
    await workSession(object, { getBlock: () => block }).run();
    const [execution] = await nodeExecutionsOf(object);
    expect([execution?.status, execution?.error?.code]).toEqual([status, code]);
    expect(asked).toEqual(status === "COMPLETED" ? [method] : []);
  });
});
