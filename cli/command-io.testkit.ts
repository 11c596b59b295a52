import type { CommandIo } from "./command.ts";

/** What a command is given that nobody watches, and all that it says. */
export function commandIo(environment: CommandIo["environment"] = {}): {
  io: CommandIo;
  said: { out: string; err: string };
} {
  const said = { out: "", err: "" };
  const io: CommandIo = {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    interactive: false,
    columns: 80,
    rows: 24,
    environment,
    signal: new AbortController().signal,
  };
  return { io, said };
}
