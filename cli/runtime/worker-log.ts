import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export type LogSink = (level: string, message: string) => void;

/** Lines of the Worker go to standard error, as they are: the Worker writes structured lines of its own. */
export const workerLog: LogSink = (level, message) => {
  process.stderr.write(level === "error" || level === "warn" ? `[${level}] ${message}\n` : `${message}\n`);
};

/** What the runtime says about itself and nobody can act on. */
const NOISE = [
  // V8's flags (cli/embedded-runtime.ts) are not those of a cache that it was built with.
  /per-isolate bootstrap compile cache failed its compatibility check/,
  // An object left the memory while its alarm was under way: it rings again.
  /SQLite alarm handler canceled with requestScheduledAlarm/,
  // Addresses of machine code.
  /Not symbolizing stack traces/,
  /took recursive isolate lock/,
  /CODE_MOVED for unknown code block/,
  /stack:( (0|[a-f\d]{4,})){3,}/,
];

/** Reads what workerd writes: a JSON object a line, or, when it crashes, plain text. */
export function readLog(stream: Readable, sink: LogSink): void {
  createInterface(stream).on("line", (line) => {
    const { level, message } = logLine(line);
    if (message !== "" && !NOISE.some((noise) => noise.test(message))) sink(level, message);
  });
}

export function logLine(line: string): { level: string; message: string } {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && "level" in value && "message" in value) {
      return { level: String(value.level), message: String(value.message) };
    }
  } catch {
    // Plain text.
  }
  return { level: line.startsWith("***") ? "error" : "log", message: line };
}
