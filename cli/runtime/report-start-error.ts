import { StartError } from "./start-error.ts";

/** Says why nothing started and makes the process end with exit code 1; a bug keeps its stack. */
export function reportStartError(error: unknown): void {
  console.error(error instanceof StartError ? `weft: ${error.message}` : error);
  process.exitCode = 1;
}
