import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { AGENT_IO_PINS } from "./agent-io-pins.ts";

export default defineBlock({
  id: "96dae2bb-97a2-41c2-bd2f-13a3b5a8ea98",
  name: "AgentNumberInputBlock",
  description: "An input of the agent for a whole number.",
  categories: ["INPUT", "BASIC"],
  uiType: "Input",
  staticOutput: true,
  effects: "pure",
  input: z.object({
    ...AGENT_IO_PINS,
    value: z
      .int()
      .nullable()
      .default(null)
      .meta({ description: "Number when the caller gives none.", advanced: false }),
  }),
  output: z.object({ result: z.int().meta({ description: "The number." }) }),
  examples: [
    { name: "a number", input: { name: "count", value: 12 }, expect: [["result", 12]] },
    { name: "zero is a value", input: { name: "count", value: 0 }, expect: [["result", 0]] },
    { name: "a text with a number", input: { name: "count", value: " -3.7 " }, expect: [["result", -3]] },
    { name: "no value, no output", input: { name: "count" }, expect: [] },
  ],
  async *run({ input }) {
    if (input.value !== null) {
      yield ["result", input.value];
    }
  },
});
