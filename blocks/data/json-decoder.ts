import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";
import { parseJson } from "./parse-json.ts";

export default defineBlock({
  id: "2b935639-65bc-48fd-9f88-823cd706fcd9",
  name: "JSONDecoderBlock",
  description: "Reads a value from JSON text.",
  categories: ["DATA"],
  effects: "pure",
  input: z.object({ json_str: z.string().meta({ description: "The JSON text." }) }),
  output: z.object({ data: anyValue().meta({ description: "The value." }) }),
  examples: [
    { name: "a structure", input: { json_str: ' {"a": [1, 2.5, true]} ' }, expect: [["data", { a: [1, 2.5, true] }]] },
    { name: "a single value", input: { json_str: "null" }, expect: [["data", null]] },
    { name: "no JSON", input: { json_str: "{a: 1}" }, expectError: "not JSON" },
    { name: "an empty text", input: { json_str: "" }, expectError: "not JSON" },
  ],
  async *run({ input }) {
    yield ["data", parseJson(input.json_str)];
  },
});
