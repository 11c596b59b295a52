import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { AGENT_IO_PINS } from "./agent-io-pins.ts";

export default defineBlock({
  id: "cbf36ab5-df4a-43b6-8a7f-f7ed8652116e",
  name: "AgentToggleInputBlock",
  description: "An input of the agent that is on or off.",
  categories: ["INPUT", "BASIC"],
  uiType: "Input",
  staticOutput: true,
  effects: "pure",
  input: z.object({
    ...AGENT_IO_PINS,
    value: z.boolean().default(false).meta({ description: "State when the caller gives none.", advanced: false }),
  }),
  output: z.object({ result: z.boolean().meta({ description: "True when it is on." }) }),
  examples: [
    { name: "on", input: { name: "send", value: true }, expect: [["result", true]] },
    { name: "off when nothing is said", input: { name: "send" }, expect: [["result", false]] },
    { name: "a text", input: { name: "send", value: "true" }, expect: [["result", true]] },
  ],
  async *run({ input }) {
    yield ["result", input.value];
  },
});
