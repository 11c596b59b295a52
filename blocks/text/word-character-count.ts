import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { checkReadLength } from "./text-limit.ts";

export default defineBlock({
  id: "ab2a782d-22cf-4587-8a70-55b59b3f9f90",
  name: "WordCharacterCountBlock",
  description: "Counts the words (separated by whitespace) and characters of a text.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({ text: z.string().meta({ description: "The text." }) }),
  output: z.object({
    word_count: z.int().meta({ description: "Number of words." }),
    character_count: z.int().meta({ description: "Number of Unicode characters, spaces included." }),
  }),
  examples: [
    {
      name: "a sentence",
      input: { text: "How are you?" },
      expect: [
        ["word_count", 3],
        ["character_count", 12],
      ],
    },
    {
      name: "one emoji is one character",
      input: { text: "hi 😀" },
      expect: [
        ["word_count", 2],
        ["character_count", 4],
      ],
    },
    {
      name: "an empty text",
      input: { text: "" },
      expect: [
        ["word_count", 0],
        ["character_count", 0],
      ],
    },
  ],
  async *run({ input: { text } }) {
    checkReadLength(text);
    let words = 0;
    for (const _ of text.matchAll(/\S+/g)) {
      words += 1;
    }
    let characters = 0;
    for (const _ of text) {
      characters += 1;
    }
    yield ["word_count", words];
    yield ["character_count", characters];
  },
});
