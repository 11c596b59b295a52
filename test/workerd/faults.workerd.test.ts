import { env as bindings } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { BlockError } from "#blocks/define-block.ts";
import { anyValue } from "#blocks/pin-types.ts";
import { blockRegistry } from "#blocks/registry.ts";
import { testBlock } from "#blocks/test-block.testkit.ts";
import type { JsonObject } from "#graph/json.ts";
import { importGraph } from "#graph/model/import-graph.ts";
import { compilePlan } from "#graph/plan/compile-plan.ts";
import { agentFile } from "#test/agent-file.ts";
import type { Shape, ShapeNode } from "#test/agent-file.ts";
import { createDeps } from "#worker/compose.ts";
import type { Env } from "#worker/env.ts";
import { createGraph } from "#worker/services/graph-service.ts";
import { testEnv } from "./api-client.ts";
import { FAULTS, runInFaultyWorld, UNNOTICED } from "./faulty-world.testkit.ts";
import type { RunOutcome, World } from "./faulty-world.testkit.ts";

/**
 * Real objects, consumers and blocks in workerd; queue, people and time are the test's. For each agent: a run in which nothing happens, then one for
 * every fault at every call of an object. Whatever happens, the outcome is that of the first run, and each result is there once.
 */

const WORKSPACE = "faults";
const FLAKY = "11111111-2222-4333-8444-555555555555";

/** Calls of the block below, by key. */
const calls = new Map<string, number>();

/** A remote that fails the first two calls for each key, and answers in parts that are reported each by itself. */
const flaky = testBlock<{ text: unknown }>(
  async function* ({ input, ctx }) {
    yield ["output", "before"];
    await ctx.sleep(60);
    const count = (calls.get(ctx.idempotencyKey) ?? 0) + 1;
    calls.set(ctx.idempotencyKey, count);
    if (count <= 2) {
      throw new BlockError("remote_busy", "Busy.", { retryable: true });
    }
    yield ["output", input.text];
  },
  {
    id: FLAKY,
    effects: "idempotent",
    input: z.object({ text: anyValue() }),
    output: z.object({ output: anyValue() }),
  },
);
const catalog = {
  ...blockRegistry.catalog,
  get: (id: string) => (id === FLAKY ? flaky.descriptor : blockRegistry.catalog.get(id)),
};

const agentOf = (shape: Shape): JsonObject => agentFile("faults", "An agent of this test.", shape);

function world(shape: Shape, inputs: JsonObject): World {
  const plan = compilePlan(importGraph(agentOf(shape), catalog).graph, catalog);
  return {
    start: { workspace_id: WORKSPACE, plan, inputs, source: "test" },
    getBlock: (id) => (id === FLAKY ? flaky : blockRegistry.get(id)),
  };
}

const add = (b: number): ShapeNode => ["calculator", { operation: "Add", b }];

const agents: Record<string, () => Promise<World>> = {
  "a chain": async () =>
    world(
      {
        nodes: {
          in: ["input", { name: "a" }],
          one: add(1),
          say: ["print"],
          two: add(2),
          tell: ["print"],
          out: ["output", { name: "sum" }],
        },
        links: [
          ["in.result", "one.a"],
          ["one.result", "say.text"],
          ["say.output", "two.a"],
          ["two.result", "tell.text"],
          ["tell.output", "out.value"],
        ],
      },
      { a: 1 },
    ),
  "a fan-out and its join": async () =>
    world(
      {
        nodes: {
          in: ["input", { name: "items" }],
          each: ["steps"],
          say: ["print"],
          more: add(10),
          all: ["collect"],
          out: ["output", { name: "list" }],
        },
        links: [
          ["in.result", "each.items"],
          ["each.item", "say.text"],
          ["say.output", "more.a"],
          ["more.result", "all.item"],
          ["all.list", "out.value"],
        ],
      },
      { items: [1, 2, 3, 4, 5, 6, 7] },
    ),
  "a node that is repeated": async () => {
    calls.clear();
    return world(
      {
        nodes: {
          in: ["input", { name: "a" }],
          busy: [FLAKY, {}, { retry: { max_attempts: 4, backoff_ms: 1_000, max_backoff_ms: 2_000 } }],
          out: ["output", { name: "said" }],
        },
        links: [
          ["in.result", "busy.text"],
          ["busy.output", "out.value"],
        ],
      },
      { a: "hello" },
    );
  },
  "a review and a timer": async () => ({
    ...world(
      {
        nodes: {
          in: ["input", { name: "a" }],
          ask: ["review", { name: "ok?" }],
          wait: ["timer", { minutes: 30, repeat: 2 }],
          out: ["output", { name: "said" }],
        },
        links: [
          ["in.result", "ask.data"],
          ["ask.approved_data", "wait.input_message"],
          ["wait.output_message", "out.value"],
        ],
      },
      { a: 1 },
    ),
    startedByObject: true,
  }),
  "an agent that runs an agent": async () => {
    const child = (await createGraph(
      createDeps(testEnv),
      principal,
      agentOf({
        nodes: { in: ["input", { name: "items" }], each: ["steps"], say: ["print"], out: ["output", { name: "item" }] },
        links: [
          ["in.result", "each.items"],
          ["each.item", "say.text"],
          ["say.output", "out.value"],
        ],
      }) as never,
    )) as unknown as { id: string; version: number };
    const properties = (name: string): JsonObject => ({ type: "object", properties: { [name]: {} }, required: [] });
    return world(
      {
        nodes: {
          in: ["input", { name: "list" }],
          agent: [
            "agent",
            {
              user_id: "",
              graph_id: child.id,
              graph_version: child.version,
              inputs: {},
              input_schema: properties("items"),
              output_schema: properties("item"),
            },
          ],
          out: ["output", { name: "result" }],
        },
        links: [
          ["in.result", "agent.items"],
          ["agent.item", "out.value"],
        ],
      },
      { list: ["a", "b", "c"] },
    );
  },
};

const EXPECTED: Record<string, RunOutcome["outputs"]> = {
  "a chain": { sum: [4] },
  "a fan-out and its join": { list: [[11, 12, 13, 14, 15, 16, 17]] },
  "a node that is repeated": { said: ["before", "hello"] },
  "a review and a timer": { said: ["approved", "approved"] },
  "an agent that runs an agent": { result: ["a", "b", "c"] },
};

const principal = {
  workspaceId: WORKSPACE,
  userId: "u",
  via: "session",
  scopes: ["EXECUTE_GRAPH", "READ_GRAPH", "WRITE_GRAPH", "WRITE_LIBRARY"],
} as unknown as Parameters<typeof createGraph>[1];

beforeAll(async () => {
  await (bindings as unknown as Env).DB.prepare("INSERT INTO workspace (id, name, created_at) VALUES (?, ?, ?)")
    .bind(WORKSPACE, "w", 0)
    .run();
});

describe.each(Object.entries(agents))("%s", (name, makeWorld) => {
  let undisturbed: { outcome: RunOutcome; calls: number };
  let disturbed = 0;
  afterAll(() => console.log(`${name}: ${undisturbed.calls} calls, ${disturbed} disturbed runs`));

  beforeAll(async () => {
    const { outcome, calls: count, problems, lost } = await runInFaultyWorld(await makeWorld());
    expect([outcome.status, outcome.outputs, problems, lost]).toEqual(["COMPLETED", EXPECTED[name], [], 0]);
    expect(count).toBeGreaterThanOrEqual(4);
    undisturbed = { outcome, calls: count };
  });

  it.each(FAULTS)(
    "[RP1] [RP3] [LS7] comes to the same when at any of its calls %s",
    async (kind) => {
      for (let at = 1; at <= undisturbed.calls; at += 1) {
        const { outcome, problems, lost } = await runInFaultyWorld({ ...(await makeWorld()), fault: { at, kind } });
        disturbed += 1;
        expect({ at, outcome, problems }).toEqual({ at, outcome: undisturbed.outcome, problems: [] });
        expect({ at, lost: UNNOTICED.has(kind) ? lost : 0 }).toEqual({ at, lost: 0 });
      }
    },
    120_000,
  );

  it("[AL3] [LC1] comes to the same when messages come twice and in the wrong order, to consumers side by side", async () => {
    const { outcome, problems } = await runInFaultyWorld({ ...(await makeWorld()), shuffled: true });
    expect({ outcome, problems }).toEqual({ outcome: undisturbed.outcome, problems: [] });
  });
});
