import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Resume } from "#graph/run/wait.ts";
import { type Block, type BlockContext, BlockError, type BlockExample, Suspension } from "./define-block.ts";
import { blockRegistry } from "./registry.ts";
import { runBlock } from "./run-block.ts";
import { testContext } from "./test-context.testkit.ts";

interface Outcome {
  outputs: [pin: string, value: JsonValue][];
  error: BlockError | undefined;
  unused: unknown[];
}

/** Runs an example on input that nobody may change, and freezes what comes out, so that a block that changes either fails. */
async function runExample(block: Block, example: BlockExample): Promise<Outcome> {
  const data = deepFreeze(structuredClone(example.input)) as JsonObject;
  const { ctx, unusedResponses } = testContext(example);
  const outputs: [string, JsonValue][] = [];
  const waits = [...(example.waits ?? [])];
  let error: BlockError | undefined;
  let running = true;
  while (running) {
    running = false;
    try {
      for await (const [pin, value] of runBlock(block, { input_default: {}, data }, ctx)) {
        outputs.push([pin, deepFreeze(value) as JsonValue]);
      }
    } catch (thrown) {
      if (thrown instanceof Suspension) {
        expect(block.descriptor.waits, "a block that suspends says that it waits").toBe(true);
        ctx.resume = await endWait(thrown, waits.shift(), ctx);
        running = true;
      } else if (thrown instanceof BlockError) {
        error = thrown;
      } else {
        throw thrown;
      }
    }
  }
  return { outputs, error, unused: [...unusedResponses(), ...waits] };
}

/** The wait is over at once, in the way that the example says. */
async function endWait(
  { wait }: Suspension,
  expected: NonNullable<BlockExample["waits"]>[number] | undefined,
  ctx: BlockContext,
): Promise<Resume> {
  expect(wait.kind).toBe(expected?.kind);
  if (expected?.payload !== undefined) {
    expect(wait.payload).toEqual(expected.payload);
  }
  if (wait.until !== null) {
    await ctx.sleep(Math.max(0, wait.until - ctx.now()));
  }
  const reason = expected?.reason ?? (wait.kind === "timer" ? "timer" : "signal");
  return { reason, state: wait.state, data: (expected?.data ?? null) as JsonValue };
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/** One test for each example of each block, in whatever runtime calls this. */
export function describeExamples(): void {
  describe.each(blockRegistry.list().map((block) => [block.descriptor.name, block] as const))("%s", (_name, block) => {
    test.each(block.examples.map((example) => [example.name, example] as const))("%s", async (_example, example) => {
      const { outputs, error, unused } = await runExample(block, example);
      if (example.expectError === undefined) {
        expect(error).toBeUndefined();
        expect(outputs).toEqual(example.expect ?? []);
      } else {
        expect(error?.message).toContain(example.expectError);
        expect(outputs).toEqual(example.expect ?? []);
      }
      for (const [pin, value] of outputs) {
        const problem = block.output.shape[pin]?.safeParse(value).error;
        expect([pin, problem?.message]).toEqual([pin, undefined]);
      }
      expect(unused).toEqual([]);
    });
  });
}
