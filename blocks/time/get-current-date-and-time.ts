import * as z from "zod";
import { defineBlock } from "#blocks/define-block.ts";
import { formatTime, formatTypePin } from "./time-format.ts";
import { triggerPin } from "./trigger-pin.ts";

const NOW = Date.UTC(2026, 8, 6, 14, 5, 9);

/** Date and time (autogpt.md §6.1, GetCurrentDateAndTimeBlock). `pure`: it reads the clock and touches nothing. */
export default defineBlock({
  id: "716a67b3-6760-42e7-86dc-18645c6e00fc",
  name: "GetCurrentDateAndTimeBlock",
  description: "Gives the date and the time when it is triggered.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({ trigger: triggerPin(), format_type: formatTypePin("%Y-%m-%d %H:%M:%S") }),
  output: z.object({
    date_time: z.string().meta({ title: "Date and time", description: "Both, as the format says." }),
  }),
  examples: [
    { name: "default", now: NOW, input: { trigger: "go" }, expect: [["date_time", "2026-09-06 14:05:09"]] },
    {
      name: "ISO 8601",
      now: NOW,
      input: { trigger: "go", format_type: { discriminator: "iso8601", timezone: "Europe/Berlin" } },
      expect: [["date_time", "2026-09-06T16:05:09+02:00"]],
    },
    {
      name: "week of the year",
      now: NOW,
      input: { trigger: "go", format_type: { discriminator: "strftime", format: "%G-W%V-%u %T%z" } },
      expect: [["date_time", "2026-W36-7 14:05:09+0000"]],
    },
  ],
  async *run({ input, ctx }) {
    yield ["date_time", formatTime(ctx.now(), input.format_type, { part: "date_time" })];
  },
});
