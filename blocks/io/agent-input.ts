import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";
import { AGENT_IO_PINS } from "./agent-io-pins.ts";

export default defineBlock({
  id: "c0a8e994-ebf1-4a9c-a4d8-89d09c86741b",
  name: "AgentInputBlock",
  description: "An input of the agent that takes any value.",
  categories: ["INPUT", "BASIC"],
  uiType: "Input",
  staticOutput: true,
  effects: "pure",
  input: z.object({
    ...AGENT_IO_PINS,
    value: anyValue().default(null).meta({ description: "Value when the caller gives none.", advanced: false }),
  }),
  output: z.object({ result: anyValue().meta({ description: "The value of the input." }) }),
  examples: [
    { name: "a value", input: { name: "topic", value: "tides" }, expect: [["result", "tides"]] },
    {
      name: "a structure",
      input: { name: "order", value: { items: [1, 2] } },
      expect: [["result", { items: [1, 2] }]],
    },
    { name: "false and 0 are values", input: { name: "flag", value: false }, expect: [["result", false]] },
    { name: "no value, no output", input: { name: "topic" }, expect: [] },
    { name: "a name is needed", input: { value: 1 }, expectError: '"name"' },
  ],
  async *run({ input }) {
    if (input.value !== null) {
      yield ["result", input.value];
    }
  },
});
