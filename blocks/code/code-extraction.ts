import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { checkReadLength } from "../text/text-limit.ts";

const PINS = [
  "html",
  "css",
  "javascript",
  "python",
  "sql",
  "java",
  "cpp",
  "csharp",
  "json_code",
  "bash",
  "php",
  "ruby",
  "yaml",
  "markdown",
  "typescript",
  "xml",
] as const;
type LanguagePin = (typeof PINS)[number];

/** What people write after the three backticks, besides the pin's own name. */
const ALIASES: ReadonlyMap<string, LanguagePin> = new Map<string, LanguagePin>([
  ...PINS.map((pin): [string, LanguagePin] => [pin, pin]),
  ["htm", "html"],
  ["js", "javascript"],
  ["jsx", "javascript"],
  ["py", "python"],
  ["python3", "python"],
  ["c++", "cpp"],
  ["c#", "csharp"],
  ["cs", "csharp"],
  ["json", "json_code"],
  ["sh", "bash"],
  ["shell", "bash"],
  ["zsh", "bash"],
  ["rb", "ruby"],
  ["yml", "yaml"],
  ["md", "markdown"],
  ["ts", "typescript"],
  ["tsx", "typescript"],
]);

const FENCED = /```([^\n`]*)\n([\s\S]*?)```/g;

const codePin = (language: string): z.ZodString => z.string().meta({ description: `The ${language} code.` });

export default defineBlock({
  id: "d3a7d896-3b78-4f44-8b4b-48fbf4f0bcd8",
  name: "CodeExtractionBlock",
  description:
    "Takes the code blocks out of a text with Markdown, by language. Several of one language are joined by an empty line.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({
    text: z.string().meta({ description: "The text, for example a model's answer.", format: "long-text" }),
  }),
  output: z.object({
    html: codePin("HTML"),
    css: codePin("CSS"),
    javascript: codePin("JavaScript"),
    python: codePin("Python"),
    sql: codePin("SQL"),
    java: codePin("Java"),
    cpp: codePin("C++"),
    csharp: codePin("C#"),
    json_code: codePin("JSON"),
    bash: codePin("shell"),
    php: codePin("PHP"),
    ruby: codePin("Ruby"),
    yaml: codePin("YAML"),
    markdown: codePin("Markdown"),
    typescript: codePin("TypeScript"),
    xml: codePin("XML"),
    remaining_text: z.string().meta({ description: "The text without the code that was taken out." }),
  }),
  examples: [
    {
      name: "two languages",
      input: { text: "Run this:\n```python\nprint(1)\n```\nor this:\n```js\nconsole.log(1)\n```" },
      expect: [
        ["javascript", "console.log(1)"],
        ["python", "print(1)"],
        ["remaining_text", "Run this:\n\nor this:"],
      ],
    },
    {
      name: "twice the same language",
      input: { text: "```sql\nSELECT 1\n```\n```SQL\nSELECT 2\n```" },
      expect: [["sql", "SELECT 1\n\nSELECT 2"]],
    },
    {
      name: "a language without a pin stays in the text",
      input: { text: "```brainfuck\n+.\n```" },
      expect: [["remaining_text", "```brainfuck\n+.\n```"]],
    },
    { name: "no code", input: { text: "Just words." }, expect: [["remaining_text", "Just words."]] },
    { name: "an empty text fires no pin", input: { text: "" }, expect: [] },
  ],
  async *run({ input }) {
    checkReadLength(input.text);
    const found = new Map<LanguagePin, string[]>(PINS.map((pin) => [pin, []]));
    const rest = input.text.replace(FENCED, (block: string, info: string, code: string) => {
      const [language = ""] = info.trim().toLowerCase().split(/\s/, 1);
      const pin = ALIASES.get(language);
      if (pin === undefined) {
        return block;
      }
      found.get(pin)?.push(code.trim());
      return "";
    });
    for (const [pin, parts] of found) {
      const code = parts.filter((part) => part !== "").join("\n\n");
      if (code !== "") {
        yield [pin, code];
      }
    }
    if (rest.trim() !== "") {
      yield ["remaining_text", rest.trim()];
    }
  },
});
