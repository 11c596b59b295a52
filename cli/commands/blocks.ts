import { parseArgs } from "node:util";
import { blockRegistry } from "#blocks/registry.ts";
import type { BlockDescriptor } from "#graph/catalog/block-descriptor.ts";
import type { JsonSchema } from "#graph/json.ts";
import { type Command, type CommandIo, EXIT, UsageError } from "../command.ts";
import { oneLine } from "../output/format-value.ts";
import { formatTable } from "../output/table.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

/** Without a server named on the command line, the blocks of this checkout: they need none. */
export const blocksCommand: Command = {
  name: "blocks",
  usage: `[ID] [--search TEXT] [--json] ${SERVER_USAGE}`,
  summary: "list the blocks, or show one with its pins",
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { ...SERVER_OPTIONS, search: { type: "string" }, json: { type: "boolean", default: false } },
    });
    const remote = values.url !== undefined || io.environment["WEFT_URL"] !== undefined;
    const all = remote ? await Array.fromAsync(clientFor(values, io).blocks()) : blockRegistry.catalog.list();
    const [id] = positionals;
    if (id !== undefined) return showBlock(all, id, values.json, io);
    const wanted = (values.search ?? "").toLowerCase();
    const found = all.filter(({ name, description }) => `${name}\n${description}`.toLowerCase().includes(wanted));
    if (values.json) io.out(`${JSON.stringify(found, null, 2)}\n`);
    else {
      const rows = found.map((block) => [
        block.id,
        block.name,
        block.categories.join(", "),
        oneLine(block.description, 80),
      ]);
      io.out(formatTable(["ID", "NAME", "CATEGORIES", "DESCRIPTION"], rows));
    }
    return EXIT.ok;
  },
};

function showBlock(all: readonly BlockDescriptor[], wanted: string, json: boolean, io: CommandIo): number {
  const block = all.find(({ id, name }) => id === wanted || name === wanted);
  if (block === undefined) throw new UsageError(`There is no block ${wanted}. \`weft blocks\` lists them.`);
  if (json) {
    io.out(`${JSON.stringify(block, null, 2)}\n`);
    return EXIT.ok;
  }
  io.out(`${block.name}  ${block.id}\n${block.description}\n\n`);
  io.out(`Inputs\n${pinTable(block.input_schema)}\nOutputs\n${pinTable(block.output_schema)}`);
  return EXIT.ok;
}

function pinTable(schema: JsonSchema): string {
  const { properties, required } = schema as { properties?: Record<string, JsonSchema>; required?: string[] };
  const rows = Object.entries(properties ?? {}).map(([name, pin]) => [
    required?.includes(name) === true ? `${name}*` : name,
    pinType(pin),
    oneLine(typeof pin["description"] === "string" ? pin["description"] : "", 90),
  ]);
  return formatTable(["PIN", "TYPE", "DESCRIPTION"], rows);
}

function pinType(pin: JsonSchema): string {
  const { type, enum: choices, anyOf } = pin as { type?: string | string[]; enum?: unknown[]; anyOf?: JsonSchema[] };
  if (choices !== undefined) return oneLine(choices.join(" | "), 40);
  if (type !== undefined) return [type].flat().join(" | ");
  return anyOf === undefined ? "any" : [...new Set(anyOf.map(pinType))].join(" | ");
}
