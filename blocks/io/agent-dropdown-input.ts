import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { list } from "../pin-types.ts";
import { AGENT_IO_PINS } from "./agent-io-pins.ts";

export default defineBlock({
  id: "655d6fdf-a334-421c-b733-520549c07cd1",
  name: "AgentDropdownInputBlock",
  description: "An input of the agent for one of several choices.",
  categories: ["INPUT", "BASIC"],
  uiType: "Input",
  staticOutput: true,
  effects: "pure",
  input: z.object({
    ...AGENT_IO_PINS,
    value: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: "Choice when the caller makes none.", advanced: false }),
    options: list().default([]).meta({ description: "The choices.", advanced: false }),
  }),
  output: z.object({ result: z.string().meta({ description: "The choice." }) }),
  examples: [
    {
      name: "a choice",
      input: { name: "tone", value: "formal", options: ["formal", "casual"] },
      expect: [["result", "formal"]],
    },
    { name: "any text while there are no choices", input: { name: "tone", value: "dry" }, expect: [["result", "dry"]] },
    { name: "no value, no output", input: { name: "tone", options: ["formal"] }, expect: [] },
  ],
  async *run({ input }) {
    if (input.value !== null) {
      yield ["result", input.value];
    }
  },
});
