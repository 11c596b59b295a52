import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";

export default defineBlock({
  id: "9a9d20c5-5b4d-4e94-8022-83b6cb72648a",
  name: "JSONEncoderBlock",
  description: "Writes a value as JSON text.",
  categories: ["DATA"],
  effects: "pure",
  input: z.object({ data: anyValue().meta({ description: "The value." }) }),
  output: z.object({ json_str: z.string().meta({ description: "The value as JSON, without spaces." }) }),
  examples: [
    { name: "a structure", input: { data: { a: [1, null, "é"] } }, expect: [["json_str", '{"a":[1,null,"é"]}']] },
    { name: "a text is quoted", input: { data: 'say "hi"' }, expect: [["json_str", '"say \\"hi\\""']] },
    { name: "null", input: { data: null }, expect: [["json_str", "null"]] },
  ],
  async *run({ input }) {
    yield ["json_str", JSON.stringify(input.data)];
  },
});
