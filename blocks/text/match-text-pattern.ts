import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";
import { PythonPattern } from "./python-pattern.ts";

export default defineBlock({
  id: "3060088f-6ed9-4928-9ba7-9c92823a7ccd",
  name: "MatchTextPatternBlock",
  description: "Sends a value on one of two ways, by whether a regular expression is found in a text.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({
    text: anyValue().meta({ description: "Where to search; other values than text are searched as JSON." }),
    match: z.string().meta({ description: "A regular expression in Python's syntax." }),
    data: anyValue().meta({ description: "What to send on; the text when it is empty." }),
    case_sensitive: z.boolean().default(true).meta({ description: "Tell capital letters from small ones." }),
    dot_all: z.boolean().default(true).meta({ description: "Let the dot match line ends too." }),
  }),
  output: z.object({
    positive: anyValue().meta({ description: "The value, when the pattern is found." }),
    negative: anyValue().meta({ description: "The value, when it is not." }),
  }),
  examples: [
    { name: "found", input: { text: "order 66", match: "\\d+", data: { id: 66 } }, expect: [["positive", { id: 66 }]] },
    { name: "not found", input: { text: "order", match: "^\\d+$", data: "x" }, expect: [["negative", "x"]] },
    {
      name: "without data the text goes on",
      input: { text: "Hallo Welt", match: "welt", data: "", case_sensitive: false },
      expect: [["positive", "Hallo Welt"]],
    },
    { name: "any script", input: { text: "名字", match: "^\\w+$", data: null }, expect: [["positive", "名字"]] },
    {
      name: "a value that is no text",
      input: { text: { a: [1] }, match: '"a":', data: null },
      expect: [["positive", { a: [1] }]],
    },
    {
      name: "a dollar before the last newline",
      input: { text: "done\n", match: "done$", data: 1 },
      expect: [["positive", 1]],
    },
    { name: "a pattern that is not valid", input: { text: "a", match: "(", data: 1 }, expectError: "not valid" },
    { name: "a look-ahead", input: { text: "a", match: "a(?=b)", data: 1 }, expectError: "look-ahead" },
  ],
  async *run({ input }) {
    const pattern = new PythonPattern(input.match, { caseSensitive: input.case_sensitive, dotAll: input.dot_all });
    const text = typeof input.text === "string" ? input.text : JSON.stringify(input.text);
    const value = isEmpty(input.data) ? input.text : input.data;
    yield [pattern.search(text) ? "positive" : "negative", value];
  },
});

/** What Python takes for false (autogpt.md §6.1: the value is `data or text`). */
function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null ? Object.keys(value).length === 0 : !value;
}
