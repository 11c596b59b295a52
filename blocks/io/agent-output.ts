import * as z from "zod";
import type { JsonValue } from "#graph/json.ts";
import { BlockError, defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";
import { renderTemplate } from "../template/render-template.ts";
import { AGENT_IO_PINS } from "./agent-io-pins.ts";

export default defineBlock({
  id: "363ae599-353e-4804-937e-b2ee3cef3da4",
  name: "AgentOutputBlock",
  description: "An output of the agent: the run's result under this name.",
  categories: ["OUTPUT", "BASIC"],
  uiType: "Output",
  staticOutput: true,
  effects: "pure",
  input: z.object({
    ...AGENT_IO_PINS,
    value: anyValue().default(null).meta({ description: "The result.", advanced: false }),
    format: z.string().default("").meta({
      description: "A Jinja template for the result; the value is there under the output's name.",
      advanced: true,
    }),
    escape_html: z
      .boolean()
      .default(false)
      .meta({ description: "Escape the formatted value for HTML.", advanced: true }),
  }),
  output: z.object({
    output: anyValue().meta({ description: "The value, formatted when there is a template." }),
    name: z.string().meta({ description: "The output's name; only without a template." }),
  }),
  examples: [
    {
      name: "a value",
      input: { name: "answer", value: 42 },
      expect: [
        ["output", 42],
        ["name", "answer"],
      ],
    },
    {
      name: "no value",
      input: { name: "answer" },
      expect: [
        ["output", null],
        ["name", "answer"],
      ],
    },
    {
      name: "a template",
      input: { name: "answer", value: { n: 42 }, format: "It is {{ answer.n }}." },
      expect: [["output", "It is 42."]],
    },
    {
      name: "a template for HTML",
      input: { name: "answer", value: "<b>", format: "<p>{{ answer }}</p>", escape_html: true },
      expect: [["output", "<p>&lt;b&gt;</p>"]],
    },
    {
      name: "a broken template is told in the output",
      input: { name: "answer", value: 1, format: "{{ answer" },
      expect: [["output", "Error: The template is not valid: the tag opened in line 1 is never closed with }}."]],
    },
  ],
  async *run({ input }) {
    if (input.format === "") {
      yield ["output", input.value];
      yield ["name", input.name];
      return;
    }
    yield ["output", format(input)];
  },
});

/** As in AutoGPT, a template that fails does not lose the output: its error is the output (autogpt.md §6.1). */
function format(input: { name: string; value: JsonValue; format: string; escape_html: boolean }): string {
  try {
    return renderTemplate(input.format, { [input.name]: input.value }, { escapeHtml: input.escape_html });
  } catch (error) {
    if (error instanceof BlockError) {
      return `Error: ${error.message}`;
    }
    throw error;
  }
}
