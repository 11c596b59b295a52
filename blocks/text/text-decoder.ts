import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { checkReadLength } from "./text-limit.ts";
import { decodeUnicodeEscape } from "./unicode-escape.ts";

export default defineBlock({
  id: "2570e8fe-8447-43ed-84c7-70d657923231",
  name: "TextDecoderBlock",
  description: "Turns escapes such as \\n and \\u4e2d into the characters that they stand for.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({ text: z.string().meta({ description: "The text with escapes." }) }),
  output: z.object({ decoded_text: z.string().meta({ description: "The text." }) }),
  examples: [
    {
      name: "line ends",
      input: { text: 'She said \\"hi\\".\\nThen she left.' },
      expect: [["decoded_text", 'She said "hi".\nThen she left.']],
    },
    {
      name: "numbers of characters",
      input: { text: "\\xe9\\u4e2d\\U0001f600\\101" },
      expect: [["decoded_text", "é中😀A"]],
    },
    { name: "what is no escape stays", input: { text: "中 \\d" }, expect: [["decoded_text", "中 \\d"]] },
    { name: "half an escape", input: { text: "\\u12" }, expectError: "\\u" },
  ],
  async *run({ input }) {
    checkReadLength(input.text);
    yield ["decoded_text", decodeUnicodeEscape(input.text)];
  },
});
