/** What a command may touch: two streams and the environment, so that tests need no process. */
export interface CommandIo {
  out(text: string): void;
  err(text: string): void;
  /** Standard error is a terminal that can be redrawn. */
  interactive: boolean;
  columns: number;
  rows: number;
  environment: Record<string, string | undefined>;
  /** Aborts on Ctrl-C and SIGTERM. */
  signal: AbortSignal;
}

export interface Command {
  name: string;
  /** Arguments and options, as in a usage line. */
  usage: string;
  /** One line. */
  summary: string;
  /** Answers the exit code. @throws UsageError, ApiError */
  run(argv: string[], io: CommandIo): Promise<number>;
}

/** `unfinished`: what was waited for goes on. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unfinished: 3, interrupted: 130 } as const;

/** The command line or a file named on it cannot be used: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}
