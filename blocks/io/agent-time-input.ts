import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { AGENT_IO_PINS } from "./agent-io-pins.ts";

const isTime = z.iso.time();

function timeText(): z.ZodString {
  return z
    .string()
    .refine((text) => isTime.safeParse(text).success, "must be a time as HH:MM or HH:MM:SS")
    .meta({ format: "time" });
}

export default defineBlock({
  id: "2a1c757e-86cf-4c7e-aacf-060dc382e434",
  name: "AgentTimeInputBlock",
  description: "An input of the agent for a time of day.",
  categories: ["INPUT", "BASIC"],
  uiType: "Input",
  staticOutput: true,
  effects: "pure",
  input: z.object({
    ...AGENT_IO_PINS,
    value: timeText()
      .nullable()
      .default(null)
      .meta({ description: "Time when the caller gives none.", advanced: false }),
  }),
  output: z.object({ result: timeText().meta({ description: "The time as HH:MM or HH:MM:SS." }) }),
  examples: [
    { name: "a time", input: { name: "at", value: "07:30" }, expect: [["result", "07:30"]] },
    { name: "with seconds", input: { name: "at", value: "23:59:59" }, expect: [["result", "23:59:59"]] },
    { name: "an hour that does not exist", input: { name: "at", value: "25:00" }, expectError: "HH:MM" },
    { name: "no value, no output", input: { name: "at" }, expect: [] },
  ],
  async *run({ input }) {
    if (input.value !== null) {
      yield ["result", input.value];
    }
  },
});
