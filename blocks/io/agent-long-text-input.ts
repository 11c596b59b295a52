import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { AGENT_IO_PINS } from "./agent-io-pins.ts";

export default defineBlock({
  id: "90a56ffb-7024-4b2b-ab50-e26c5e5ab8ba",
  name: "AgentLongTextInputBlock",
  description: "An input of the agent for text of several lines.",
  categories: ["INPUT", "BASIC"],
  uiType: "Input",
  staticOutput: true,
  effects: "pure",
  input: z.object({
    ...AGENT_IO_PINS,
    value: z
      .string()
      .meta({ format: "long-text" })
      .nullable()
      .default(null)
      .meta({ description: "Text when the caller gives none.", advanced: false }),
  }),
  output: z.object({ result: z.string().meta({ description: "The text." }) }),
  examples: [
    {
      name: "a text",
      input: { name: "letter", value: "Dear all,\\n\\nthanks." },
      expect: [["result", "Dear all,\\n\\nthanks."]],
    },
    { name: "no value, no output", input: { name: "letter" }, expect: [] },
  ],
  async *run({ input }) {
    if (input.value !== null) {
      yield ["result", input.value];
    }
  },
});
