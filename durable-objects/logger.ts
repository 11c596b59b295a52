/** One line of JSON per event, for Workers Logs and the terminal alike. Never pass values of runs or secrets. */
export function log(level: "info" | "warn" | "error", message: string, data: Record<string, unknown> = {}): void {
  // oxlint-disable-next-line no-console -- the one place where log lines leave the Worker
  console[level](JSON.stringify({ level, message, ...data }));
}

/** The message of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
