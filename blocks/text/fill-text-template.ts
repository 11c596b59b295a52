import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { dictionary } from "../pin-types.ts";
import { renderTemplate } from "../template/render-template.ts";

export default defineBlock({
  id: "db7d8f02-2f44-4c55-ab7a-eae0941f0c30",
  name: "FillTextTemplateBlock",
  description: "Fills values into a text with Jinja syntax: {{ name }}, {% for %}, {% if %} and filters.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({
    values: dictionary().meta({ description: "Values by the names that the template uses." }),
    format: z.string().meta({ description: "The template.", format: "long-text" }),
    escape_html: z.boolean().default(false).meta({ description: "Escape the values for HTML.", advanced: true }),
  }),
  output: z.object({ output: z.string().meta({ description: "The filled text." }) }),
  examples: [
    {
      name: "names",
      input: { values: { name: "Ada", n: 3 }, format: "Hello {{ name }}, you have {{ n }} messages." },
      expect: [["output", "Hello Ada, you have 3 messages."]],
    },
    {
      name: "a loop",
      input: { values: { items: ["tea", "milk"] }, format: "{% for item in items %}- {{ item }}\n{% endfor %}" },
      expect: [["output", "- tea\n- milk\n"]],
    },
    {
      name: "values from separate pins",
      input: { "values_#_city": "Oslo", values: {}, format: "{{ city|upper }}" },
      expect: [["output", "OSLO"]],
    },
    {
      name: "escaped",
      input: { values: { text: "<script>" }, format: "<p>{{ text }}</p>", escape_html: true },
      expect: [["output", "<p>&lt;script&gt;</p>"]],
    },
    {
      name: "a name without a value is empty",
      input: { values: {}, format: "[{{ who }}]" },
      expect: [["output", "[]"]],
    },
    { name: "a tag that is not closed", input: { values: {}, format: "{{ who" }, expectError: "never closed" },
    {
      name: "a template that would grow without end",
      input: { values: {}, format: "{{ [0] * 999999999 }}" },
      expectError: "stopped",
    },
  ],
  async *run({ input }) {
    yield ["output", renderTemplate(input.format, input.values, { escapeHtml: input.escape_html })];
  },
});
