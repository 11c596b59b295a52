import * as z from "zod";
import { BlockError, defineBlock, Suspension } from "#blocks/define-block.ts";
import type { Block, BlockContext } from "#blocks/define-block.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { PlanNode } from "#graph/plan/plan.ts";
import type { NodeUsage } from "#graph/run/event.ts";

/** What a node of a simulated agent does, step by step. */
export type Act =
  /** What leaves by `n` is a small whole number. */
  | { do: "yield"; pin: "out" | "other" | "n" }
  | { do: "sleep"; ms: number }
  /** Fails in its first `attempts` attempts. */
  | { do: "fail"; attempts: number; how: "error" | "throw" | "retry_after" }
  /** Does something to the world outside. */
  | { do: "act" }
  | { do: "hang" }
  /** Waits for a time, for a person, or for a call from outside; without `ms`, as long as that takes. */
  | { do: "wait"; kind: "timer" | "review" | "callback"; ms: number | null }
  /** Runs the agent in its node's `child`, whose outputs become its own. Nothing comes after it. */
  | { do: "child" };

export const SCRIPTED = "scripted";

/** How the block tells the simulation what it does: through the only thing that a block has. */
export const BEGUN = "begun";
export const ACTED = "acted";

/**
 * A block that follows the script in its node's `script`. What it yields is a function of its node and its input alone, so that a result of the
 * wrong node, of the wrong input, or of nothing at all cannot be taken for the right one.
 */
export const scriptedBlock: Block = defineBlock({
  id: SCRIPTED,
  name: "Scripted",
  description: "Does what its script says.",
  categories: ["BASIC"],
  effects: "pure",
  waits: true,
  input: z.looseObject({ script: z.array(z.any()) }),
  output: z.object({ out: z.any(), other: z.any(), n: z.any() }),
  examples: [],
  run: async function* ({ input, ctx }) {
    ctx.logger.info(BEGUN);
    ctx.usage(usageOf(ctx.run.nodeId, ctx.run.attempt));
    const { script, child, ...pins } = input as { script: Act[]; child?: JsonValue } & JsonObject;
    let { next, yields } = (ctx.resume?.state ?? { next: 0, yields: 0 }) as { next: number; yields: number };
    for (const act of script.slice(next)) {
      next += 1;
      switch (act.do) {
        case "yield":
          yield [act.pin, valueOf({ node: ctx.run.nodeId, pin: act.pin, input: pins as JsonObject, index: yields })];
          yields += 1;
          break;
        case "sleep":
          // Executions of one node take different times, so that they overtake each other.
          await ctx.sleep(act.ms * (1 + (hash(canonical(pins as JsonObject)) % 3)));
          break;
        case "fail":
          if (ctx.run.attempt <= act.attempts) {
            throw failure(act.how);
          }
          break;
        case "act":
          ctx.logger.info(ACTED);
          break;
        case "hang":
          await hang(ctx);
          break;
        case "wait": {
          if (act.kind === "callback") {
            // Gives the address out.
            ctx.callbackUrl();
          }
          const until = act.ms === null ? null : ctx.now() + act.ms;
          throw new Suspension({ kind: act.kind, until, state: { next, yields }, payload: null });
        }
        case "child":
          throw new Suspension({ kind: "child", until: null, state: null, payload: child ?? null });
      }
    }
  },
});

/** What an attempt of a node uses, whatever becomes of it; every third node knows no cost. */
export function usageOf(nodeId: string, attempt: number): NodeUsage & { input_tokens: number; output_tokens: number } {
  const digest = hash(nodeId);
  const tokens = { input_tokens: (digest % 50) + attempt, output_tokens: attempt, calls: 1 };
  return digest % 3 === 0 ? tokens : { ...tokens, cost_usd: ((digest % 1_000_003) + attempt) / 1e9 };
}

/** The longest pause that a failure of the block asks for. */
export const LONGEST_WISH_MS = 300;

/** Does not even listen to its signal. */
function hang(_ctx: BlockContext): Promise<never> {
  return new Promise(() => {});
}

function failure(how: "error" | "throw" | "retry_after"): Error {
  switch (how) {
    case "throw":
      return new TypeError("thrown by plan");
    case "error":
      return new BlockError("planned", "failed by plan", { retryable: true });
    case "retry_after":
      return new BlockError("planned", "failed by plan", { retryable: true, retryAfterMs: LONGEST_WISH_MS });
  }
}

function scriptOf(node: PlanNode): Act[] {
  return node.input_default.script as unknown as Act[];
}

/** All that the node yields when it runs to its end. */
export function expectedYields(node: PlanNode, input: JsonObject): [pin: string, value: JsonValue][] {
  const { script: _script, child: _child, ...pins } = { ...node.input_default, ...input };
  return scriptOf(node)
    .filter((act) => act.do === "yield")
    .map(({ pin }, index) => [pin, valueOf({ node: node.id, pin, input: pins, index })]);
}

/** Does the node run an agent? */
export function runsAgent(node: PlanNode): boolean {
  return scriptOf(node).some((act) => act.do === "child");
}

/** The codes with which the node can fail, by its script or by what happens to its consumers. */
export function possibleFailures(node: PlanNode): string[] {
  const script = scriptOf(node);
  const timed = node.total_timeout_ms !== undefined || script.some((act) => act.do === "hang" || act.do === "sleep");
  return [
    ...(node.effects === "once" ? ["outcome_unknown"] : []),
    "attempts_exhausted",
    ...(timed ? ["node_timeout"] : []),
    ...(script.some((act) => act.do === "fail" && act.how === "throw") ? ["block_failed"] : []),
    ...(script.some((act) => act.do === "fail" && act.how !== "throw") ? ["planned"] : []),
  ];
}

/** Every third value has a part that a link can select. */
function valueOf(of: { node: string; pin: string; input: JsonObject; index: number }): JsonValue {
  const digest = hash(`${of.node} ${of.index} ${canonical(of.input)}`);
  if (of.pin === "n") {
    return digest % 4;
  }
  return digest % 3 === 0 ? { k: digest } : digest;
}

function canonical(input: JsonObject): string {
  return JSON.stringify(Object.entries(input).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  }
  return sum >>> 0;
}
