import { thrownMessage } from "#graph/run/thrown-message.ts";

/** One line of JSON per event, for Workers Logs and the terminal alike. Never pass values of runs or secrets. */
export function log(level: "info" | "warn" | "error", message: string, data: Record<string, unknown> = {}): void {
  console[level](JSON.stringify({ level, message, ...data }));
}

/** The message of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return thrownMessage(error);
}
