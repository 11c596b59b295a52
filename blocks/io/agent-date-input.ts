import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { AGENT_IO_PINS } from "./agent-io-pins.ts";

const isDate = z.iso.date();

function dateText(): z.ZodString {
  return z
    .string()
    .refine((text) => isDate.safeParse(text).success, "must be a date as YYYY-MM-DD")
    .meta({ format: "date" });
}

export default defineBlock({
  id: "7e198b09-4994-47db-8b4d-952d98241817",
  name: "AgentDateInputBlock",
  description: "An input of the agent for a calendar date.",
  categories: ["INPUT", "BASIC"],
  uiType: "Input",
  staticOutput: true,
  effects: "pure",
  input: z.object({
    ...AGENT_IO_PINS,
    value: dateText()
      .nullable()
      .default(null)
      .meta({ description: "Date when the caller gives none.", advanced: false }),
  }),
  output: z.object({ result: dateText().meta({ description: "The date as YYYY-MM-DD." }) }),
  examples: [
    { name: "a date", input: { name: "day", value: "2026-02-28" }, expect: [["result", "2026-02-28"]] },
    { name: "a day that does not exist", input: { name: "day", value: "2026-02-30" }, expectError: "YYYY-MM-DD" },
    { name: "no value, no output", input: { name: "day" }, expect: [] },
  ],
  async *run({ input }) {
    if (input.value !== null) {
      yield ["result", input.value];
    }
  },
});
