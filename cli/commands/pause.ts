import { parseArgs } from "node:util";
import { type Command, type CommandIo, EXIT, UsageError } from "../command.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const pauseCommand: Command = {
  name: "pause",
  usage: `EXECUTION_ID ${SERVER_USAGE}`,
  summary: "start no more nodes of a run; those that run finish",
  run: (argv, io) => hold("pause", argv, io),
};

export const resumeCommand: Command = {
  name: "resume",
  usage: `EXECUTION_ID ${SERVER_USAGE}`,
  summary: "let a paused run go on",
  run: (argv, io) => hold("resume", argv, io),
};

async function hold(what: "pause" | "resume", argv: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: SERVER_OPTIONS });
  const [id, ...rest] = positionals;
  if (id === undefined || rest.length > 0) throw new UsageError("Name one run by its id.");
  const { status, paused } = await clientFor(values, io)[what](id);
  io.out(`${id}  ${status}${paused ? ", paused" : ""}\n`);
  return EXIT.ok;
}
