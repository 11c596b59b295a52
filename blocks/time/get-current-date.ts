import * as z from "zod";
import { BlockError, defineBlock } from "#blocks/define-block.ts";
import { formatTime, formatTypePin } from "./time-format.ts";
import { triggerPin } from "./trigger-pin.ts";

const NOW = Date.UTC(2026, 8, 6, 23, 30);
const MAX_OFFSET_DAYS = 1_000_000;

/**
 * Date, moved by whole days (autogpt.md §6.1, GetCurrentDateBlock): as there, a positive offset goes into the past. `pure`: it
 * reads the clock and touches nothing.
 */
export default defineBlock({
  id: "b29c1b50-5d0e-4d9f-8f9d-1b0e6fcbf0b1",
  name: "GetCurrentDateBlock",
  description: "Gives the date when it is triggered, or a number of days before it.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({
    trigger: triggerPin(),
    offset: z.union([z.int(), z.string()]).default(0).meta({
      title: "Days offset",
      description: "Days to go back: 7 is a week ago, -7 in a week.",
    }),
    format_type: formatTypePin("%Y-%m-%d"),
  }),
  output: z.object({ date: z.string().meta({ description: "The date, as the format says." }) }),
  examples: [
    { name: "today", now: NOW, input: { trigger: "go" }, expect: [["date", "2026-09-06"]] },
    { name: "a week ago", now: NOW, input: { trigger: "go", offset: "7" }, expect: [["date", "2026-08-30"]] },
    { name: "in a week", now: NOW, input: { trigger: "go", offset: -7 }, expect: [["date", "2026-09-13"]] },
    {
      name: "already tomorrow in the east",
      now: NOW,
      input: { trigger: "go", format_type: { discriminator: "iso8601", timezone: "Asia/Shanghai" } },
      expect: [["date", "2026-09-07"]],
    },
    {
      name: "in words",
      now: NOW,
      input: { trigger: "go", format_type: { discriminator: "strftime", format: "%A, %d %B %Y" } },
      expect: [["date", "Sunday, 06 September 2026"]],
    },
    {
      name: "not a number of days",
      now: NOW,
      input: { trigger: "go", offset: "soon" },
      expectError: "is not a whole number of days",
    },
  ],
  async *run({ input, ctx }) {
    yield ["date", formatTime(ctx.now(), input.format_type, { part: "date", daysBack: daysOf(input.offset) })];
  },
});

function daysOf(offset: number | string): number {
  const days = Number(offset);
  if (!Number.isInteger(days) || Math.abs(days) > MAX_OFFSET_DAYS) {
    throw new BlockError(
      "invalid_offset",
      `The offset ${JSON.stringify(offset)} is not a whole number of days up to ${MAX_OFFSET_DAYS}.`,
    );
  }
  return days;
}
