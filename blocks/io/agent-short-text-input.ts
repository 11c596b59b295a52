import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { AGENT_IO_PINS } from "./agent-io-pins.ts";

export default defineBlock({
  id: "7fcd3bcb-8e1b-4e69-903d-32d3d4a92158",
  name: "AgentShortTextInputBlock",
  description: "An input of the agent for one line of text.",
  categories: ["INPUT", "BASIC"],
  uiType: "Input",
  staticOutput: true,
  effects: "pure",
  input: z.object({
    ...AGENT_IO_PINS,
    value: z
      .string()
      .meta({ format: "short-text" })
      .nullable()
      .default(null)
      .meta({ description: "Text when the caller gives none.", advanced: false }),
  }),
  output: z.object({ result: z.string().meta({ description: "The text." }) }),
  examples: [
    { name: "a text", input: { name: "city", value: "Lisbon" }, expect: [["result", "Lisbon"]] },
    { name: "an empty text is a value", input: { name: "city", value: "" }, expect: [["result", ""]] },
    { name: "other values become text", input: { name: "city", value: 7 }, expect: [["result", "7"]] },
    { name: "no value, no output", input: { name: "city", value: null }, expect: [] },
  ],
  async *run({ input }) {
    if (input.value !== null) {
      yield ["result", input.value];
    }
  },
});
