import * as z from "zod";
import { defineBlock } from "./define-block.ts";
import type { Block, BlockContext, BlockSpec } from "./define-block.ts";
import { anyValue } from "./pin-types.ts";

/** What the block does; it may do what the types of a real one forbid. */
export type TestBlockRun<I> = (args: { input: I; ctx: BlockContext }) => AsyncGenerator<unknown, void>;

/** A block of a test: pure, without input, and with a pin `out` for anything, unless `more` says otherwise. */
export function testBlock<I = object>(
  run: TestBlockRun<I>,
  more: Partial<Omit<BlockSpec<z.ZodObject, z.ZodObject>, "run">> = {},
): Block {
  return defineBlock({
    id: "block",
    name: "TestBlock",
    description: "A block of this test.",
    categories: ["BASIC"],
    effects: "pure",
    input: z.object({}),
    output: z.object({ out: anyValue() }),
    examples: [],
    ...more,
    run: run as never,
  });
}
