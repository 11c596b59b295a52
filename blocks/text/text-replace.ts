import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { charactersOf, checkTextLength, splitText } from "./text-limit.ts";

export default defineBlock({
  id: "7e7c87ab-3469-4bcc-9abe-67705091b713",
  name: "TextReplaceBlock",
  description: "Replaces every occurrence of a text by another, literally.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({
    text: z.string().meta({ description: "The text to change." }),
    old: z.string().meta({ description: "What to replace." }),
    new: z.string().meta({ description: "What to put in its place." }),
  }),
  output: z.object({ output: z.string().meta({ description: "The changed text." }) }),
  examples: [
    { name: "all occurrences", input: { text: "a.b.c", old: ".", new: "/" }, expect: [["output", "a/b/c"]] },
    {
      name: "signs have no special meaning",
      input: { text: "price", old: "price", new: "$& $1" },
      expect: [["output", "$& $1"]],
    },
    { name: "nothing to replace", input: { text: "abc", old: "x", new: "y" }, expect: [["output", "abc"]] },
    {
      name: "an empty text is between all characters",
      input: { text: "日😀", old: "", new: "-" },
      expect: [["output", "-日-😀-"]],
    },
  ],
  async *run({ input: { text, old, new: replacement } }) {
    const parts = old === "" ? ["", ...charactersOf(text), ""] : splitText(text, old);
    checkTextLength(text.length + parts.length * replacement.length);
    yield ["output", parts.join(replacement)];
  },
});
