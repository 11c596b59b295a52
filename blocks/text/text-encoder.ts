import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { checkReadLength } from "./text-limit.ts";
import { encodeUnicodeEscape } from "./unicode-escape.ts";

export default defineBlock({
  id: "5185f32e-4b65-4ecf-8fbb-873f003f09d6",
  name: "TextEncoderBlock",
  description: "Writes line ends and all characters beyond ASCII as escapes.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({ text: z.string().meta({ description: "The text." }) }),
  output: z.object({ encoded_text: z.string().meta({ description: "The text with escapes." }) }),
  examples: [
    { name: "line ends and tabs", input: { text: "a\tb\n\\" }, expect: [["encoded_text", "a\\tb\\n\\\\"]] },
    {
      name: "other scripts",
      input: { text: "é中😀\u0000" },
      expect: [["encoded_text", "\\xe9\\u4e2d\\U0001f600\\x00"]],
    },
    { name: "an empty text", input: { text: "" }, expect: [["encoded_text", ""]] },
  ],
  async *run({ input }) {
    checkReadLength(input.text);
    yield ["encoded_text", encodeUnicodeEscape(input.text)];
  },
});
