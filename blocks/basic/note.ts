import * as z from "zod";
import { defineBlock } from "../define-block.ts";

export default defineBlock({
  id: "cc10ff7b-7753-4ff2-9af6-9399b1a7eddc",
  name: "NoteBlock",
  description: "A remark on the canvas for people who read the graph. A run never executes it.",
  categories: ["BASIC"],
  uiType: "Note",
  effects: "pure",
  input: z.object({ text: z.string().meta({ description: "The remark.", format: "long-text" }) }),
  output: z.object({ output: z.string().meta({ description: "The remark again." }) }),
  examples: [
    {
      name: "gives its text when run on its own",
      input: { text: "Ask for the date first." },
      expect: [["output", "Ask for the date first."]],
    },
    { name: "an empty note", input: { text: "" }, expect: [["output", ""]] },
  ],
  async *run({ input }) {
    yield ["output", input.text];
  },
});
