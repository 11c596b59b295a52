import type { BlockDescriptor } from "#graph/catalog/block-descriptor.ts";
import type { JsonSchema } from "#graph/json.ts";
import type { BlockExample } from "./define-block.ts";

/** What the pages are written from: descriptors and examples, no code. */
export interface DocumentedFamily {
  /** Name of the page. */
  id: string;
  title: string;
  blocks: readonly { descriptor: BlockDescriptor; examples: readonly BlockExample[] }[];
}

const NOTICE = "<!-- Written by `npm run docs:blocks` from the blocks themselves. Change the block, not this page. -->";
/** Longest value that an example shows, characters. */
const MAX_SHOWN = 300;

/** The pages of docs/blocks by file name: one for each family, and the index. The same blocks always give the same text. */
export function generateBlockDocs(families: readonly DocumentedFamily[]): Map<string, string> {
  const pages = new Map([["README.md", indexPage(families)]]);
  for (const family of families) {
    pages.set(`${family.id}.md`, familyPage(family));
  }
  return pages;
}

function indexPage(families: readonly DocumentedFamily[]): string {
  const count = families.reduce((sum, family) => sum + family.blocks.length, 0);
  const lines = [
    "# Blocks",
    NOTICE,
    `${count} blocks. Ids, pin names and behaviour are AutoGPT's where both platforms have the block;`,
    "[decision 0004](../decisions/0004-autogpt-quirks.md) lists where Weft differs on purpose.",
  ];
  const sections = families.map((family) =>
    [
      `## [${family.title}](${family.id}.md)`,
      [
        "| Block | What it does |",
        "|---|---|",
        ...family.blocks.map((block) => indexRow(family.id, block.descriptor)),
      ].join("\n"),
    ].join("\n\n"),
  );
  return `${[lines[0], lines[1], `${lines[2]}\n${lines[3]}`, ...sections].join("\n\n")}\n`;
}

function indexRow(page: string, { name, description }: BlockDescriptor): string {
  return `| [${title(name)}](${page}.md#${anchor(name)}) | ${cell(description)} |`;
}

function familyPage(family: DocumentedFamily): string {
  const sections = family.blocks.map(({ descriptor, examples }) => blockSection(descriptor, examples));
  return `${[`# ${family.title}`, NOTICE, "[All blocks](README.md)", ...sections].join("\n\n")}\n`;
}

function blockSection(descriptor: BlockDescriptor, examples: readonly BlockExample[]): string {
  const facts = [
    `\`${descriptor.name}\``,
    `\`${descriptor.id}\``,
    descriptor.categories.join(", "),
    ...(descriptor.ui_type === "Standard" ? [] : [`type ${descriptor.ui_type}`]),
    ...(descriptor.static_output ? ["static output"] : []),
    effectsOf(descriptor),
    ...(descriptor.waits === true ? ["may wait"] : []),
  ];
  return [
    `## ${title(descriptor.name)}`,
    descriptor.description,
    facts.join(" · "),
    pinTable("Input", descriptor.input_schema),
    pinTable("Output", descriptor.output_schema),
    ["Examples:", "", ...examples.map(exampleItem)].join("\n"),
  ].join("\n\n");
}

/** Those of the block, and the values of a pin that have others. */
function effectsOf({ effects, effects_by: by }: BlockDescriptor): string {
  const values = Object.entries(by?.effects ?? {});
  const exceptions = [...new Set(values.map(([, other]) => other))].map((other) => {
    const names = values.flatMap(([value, its]) => (its === other ? [value] : []));
    return `; ${other} when \`${by?.pin}\` is set to ${names.join(", ")}`;
  });
  return `effects: ${effects}${exceptions.join("")}`;
}

function pinTable(heading: string, schema: JsonSchema): string {
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties ?? {}).map(([name, pin]) => {
    const facts =
      heading === "Input" ? ` ${required.has(name) ? "required" : code(JSON.stringify(pin.default ?? null))} |` : "";
    return `| \`${name}\` | ${cell(typeOf(pin))} |${facts} ${cell(pin.description ?? "")} |`;
  });
  const head =
    heading === "Input"
      ? ["| Input | Type | Default | |", "|---|---|---|---|"]
      : ["| Output | Type | |", "|---|---|---|"];
  return [...head, ...rows].join("\n");
}

/** A pin's type in a word or two. */
function typeOf(pin: JsonSchema): string {
  const branches = pin.anyOf ?? pin.oneOf;
  if (branches !== undefined) {
    return branches.map(typeOf).join(" or ");
  }
  if (Array.isArray(pin.type)) {
    return pin.type.map((type) => typeOf({ ...pin, type })).join(" or ");
  }
  if (pin.enum !== undefined) {
    return pin.enum.map((choice) => code(JSON.stringify(choice))).join(", ");
  }
  switch (pin.type) {
    case undefined:
      return "any";
    case "string":
      return typeof pin.format === "string" ? `text (${pin.format})` : "text";
    case "array":
      return typeof pin.items === "object" && pin.items.type !== undefined ? `list of ${typeOf(pin.items)}` : "list";
    case "object":
      return "dictionary";
    case "integer":
      return "whole number";
    default:
      return String(pin.type);
  }
}

function exampleItem(example: BlockExample): string {
  const outcome =
    example.expectError === undefined
      ? (example.expect ?? []).map(([pin, value]) => `\`${pin}\` ${code(shown(value))}`).join(", ") || "nothing"
      : `fails: … ${example.expectError} …`;
  return `- ${capital(example.name)}: ${code(shown(example.input))} → ${outcome}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "null";
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** Inline code, whatever backticks it holds. */
function code(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** `AgentShortTextInputBlock` → "Agent Short Text Input". */
function title(name: string): string {
  return name
    .replace(/Block$/, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2");
}

function anchor(name: string): string {
  return title(name).toLowerCase().replaceAll(" ", "-");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
