import { afterEach, expect, it, vi } from "vitest";
import { Cancellation } from "#blocks/cancellation.ts";
import { createBlockContext } from "./block-context.ts";
import type { BlockEnv } from "./block-context.ts";

afterEach(() => vi.restoreAllMocks());

function context(WEFT_MODEL_PRICES?: string) {
  const run = { executionId: "e", nodeExecutionId: "n1", nodeId: "n", graphId: "g", graphVersion: 1, attempt: 1 };
  const env: BlockEnv = { WEFT_EGRESS_ALLOW: "", ...(WEFT_MODEL_PRICES === undefined ? {} : { WEFT_MODEL_PRICES }) };
  return createBlockContext({
    env,
    cancellation: new Cancellation(),
    idempotencyKey: "k",
    run,
    onUsage: () => undefined,
  });
}

it("gives blocks the prices that the owner set", () => {
  const ctx = context('{"openai": {"m": {"input": 1, "output": 2}}}');
  expect(ctx.modelPrice("openai", "m")).toEqual({ input: 1, output: 2 });
  expect(ctx.modelPrice("openai", "other")).toBeUndefined();
  expect(ctx.modelPrice("anthropic", "m")).toBeUndefined();
  expect(ctx.modelPrice("nobody", "m")).toBeUndefined();
  expect(context().modelPrice("openai", "m")).toBeUndefined();
});

it("says once in the log that it cannot read them, and runs blocks without", () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const wrong = '{"openai": {"m": 1}}';
  expect(context(wrong).modelPrice("openai", "m")).toBeUndefined();
  expect(context(wrong).modelPrice("openai", "m")).toBeUndefined();
  expect(said).toHaveBeenCalledTimes(1);
  expect(said.mock.calls[0]?.[0]).toContain("WEFT_MODEL_PRICES cannot be used: openai.m is no object");
});
