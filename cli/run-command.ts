import { ApiError } from "./client.ts";
import { type Command, type CommandIo, EXIT, UsageError } from "./command.ts";
import { StartError } from "./runtime/start-error.ts";

/** Runs `argv` (without program and script) and answers the exit code. Nothing expected ends in a stack. */
export async function runCommandLine(commands: readonly Command[], argv: string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = argv;
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const asked = name === undefined || name === "help" || name === "--help" || name === "-h";
    if (!asked) io.err(`weft: there is no command ${name}.\n\n`);
    if (asked) io.out(overview(commands));
    else io.err(overview(commands));
    return asked ? EXIT.ok : EXIT.usage;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    io.out(`weft ${command.name} ${command.usage}\n\n${command.summary}\n`);
    return EXIT.ok;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    return explain(error, command, io);
  }
}

function explain(error: unknown, command: Command, io: CommandIo): number {
  if (error instanceof UsageError || isParseArgsError(error)) {
    io.err(`weft ${command.name}: ${error.message}\nUsage: weft ${command.name} ${command.usage}\n`);
    return EXIT.usage;
  }
  if (error instanceof ApiError) {
    io.err(`weft ${command.name}: ${error.message} (${error.code})\n`);
    if (error.details !== undefined) io.err(`${JSON.stringify(error.details, null, 2)}\n`);
    if (error.retryAfter !== undefined) io.err(`The server asks to wait ${error.retryAfter} s before the next try.\n`);
    return error.status === 400 || error.status === 413 || error.status === 422 ? EXIT.usage : EXIT.failed;
  }
  if (error instanceof StartError) {
    io.err(`weft ${command.name}: ${error.message}\n`);
    return EXIT.failed;
  }
  throw error;
}

function isParseArgsError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `weft COMMAND …   (npm run weft -- COMMAND …)\n\n${lines.join("")}\nweft COMMAND --help tells the arguments of one.\n`;
}
