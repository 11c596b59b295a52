import * as z from "zod";
import { BlockError, defineBlock } from "../define-block.ts";
import { splitText } from "./text-limit.ts";

export default defineBlock({
  id: "d5ea33c8-a575-477a-b42f-2fe3be5055ec",
  name: "TextSplitBlock",
  description: "Cuts a text at every delimiter.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({
    text: z.string().meta({ description: "The text." }),
    delimiter: z.string().meta({ description: "Where to cut." }),
    strip: z.boolean().default(true).meta({ description: "Take whitespace off both ends of every part." }),
  }),
  output: z.object({ texts: z.array(z.string()).meta({ description: "The parts." }) }),
  examples: [
    { name: "at commas", input: { text: "a, b,c", delimiter: "," }, expect: [["texts", ["a", "b", "c"]]] },
    {
      name: "whitespace kept",
      input: { text: "a, b", delimiter: ",", strip: false },
      expect: [["texts", ["a", " b"]]],
    },
    { name: "an empty text has no parts", input: { text: "", delimiter: "," }, expect: [["texts", []]] },
    { name: "no delimiter in it", input: { text: "abc", delimiter: "|" }, expect: [["texts", ["abc"]]] },
    { name: "an empty delimiter", input: { text: "abc", delimiter: "" }, expectError: "delimiter" },
  ],
  async *run({ input }) {
    if (input.delimiter === "") {
      throw new BlockError("invalid_input", 'The pin "delimiter" must not be empty.');
    }
    const parts = input.text === "" ? [] : splitText(input.text, input.delimiter);
    yield ["texts", input.strip ? parts.map((part) => part.trim()) : parts];
  },
});
