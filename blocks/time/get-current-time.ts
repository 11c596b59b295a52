import * as z from "zod";
import { defineBlock } from "#blocks/define-block.ts";
import { formatTime, formatTypePin } from "./time-format.ts";
import { triggerPin } from "./trigger-pin.ts";

const NOW = Date.UTC(2026, 8, 6, 14, 5, 9, 123);

/** Time of day (autogpt.md §6.1, GetCurrentTimeBlock). `pure`: it reads the clock and touches nothing. */
export default defineBlock({
  id: "a892b8d9-3e4e-4e9c-9c1e-75f8efcf1bfa",
  name: "GetCurrentTimeBlock",
  description: "Gives the time of day when it is triggered.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({ trigger: triggerPin(), format_type: formatTypePin("%H:%M:%S") }),
  output: z.object({ time: z.string().meta({ description: "The time, as the format says." }) }),
  examples: [
    { name: "default", now: NOW, input: { trigger: "go" }, expect: [["time", "14:05:09"]] },
    {
      name: "twelve hours, elsewhere",
      now: NOW,
      input: {
        trigger: "go",
        format_type: { discriminator: "strftime", format: "%-I:%M %p", timezone: "Asia/Kolkata" },
      },
      expect: [["time", "7:35 PM"]],
    },
    {
      name: "ISO 8601",
      now: NOW,
      input: {
        trigger: "go",
        format_type: { discriminator: "iso8601", timezone: "America/New_York", include_microseconds: true },
      },
      expect: [["time", "10:05:09.123000-04:00"]],
    },
    {
      name: "no such zone",
      now: NOW,
      input: { trigger: "go", format_type: { discriminator: "iso8601", timezone: "Mars/Olympus" } },
      expectError: 'no time zone "Mars/Olympus"',
    },
  ],
  async *run({ input, ctx }) {
    yield ["time", formatTime(ctx.now(), input.format_type, { part: "time" })];
  },
});
