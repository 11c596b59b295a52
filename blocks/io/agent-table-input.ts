import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { dictionary } from "../pin-types.ts";
import { AGENT_IO_PINS } from "./agent-io-pins.ts";

export default defineBlock({
  id: "5603b273-f41e-4020-af7d-fbc9c6a8d928",
  name: "AgentTableInputBlock",
  description: "An input of the agent for rows and columns.",
  categories: ["INPUT", "BASIC"],
  uiType: "Input",
  staticOutput: true,
  effects: "pure",
  input: z.object({
    ...AGENT_IO_PINS,
    value: z
      .array(dictionary())
      .nullable()
      .default(null)
      .meta({ description: "Rows when the caller gives none.", format: "table", advanced: false }),
    column_headers: z
      .array(z.string())
      .default(["Column 1", "Column 2", "Column 3"])
      .meta({ description: "The columns.", advanced: false }),
  }),
  output: z.object({ result: z.array(dictionary()).meta({ description: "The rows, each a dictionary by column." }) }),
  examples: [
    {
      name: "rows",
      input: { name: "people", column_headers: ["name"], value: [{ name: "Ada" }, { name: "Lin" }] },
      expect: [["result", [{ name: "Ada" }, { name: "Lin" }]]],
    },
    { name: "a table without rows", input: { name: "people", value: [] }, expect: [["result", []]] },
    { name: "no value, no output", input: { name: "people" }, expect: [] },
  ],
  async *run({ input }) {
    if (input.value !== null) {
      yield ["result", input.value];
    }
  },
});
