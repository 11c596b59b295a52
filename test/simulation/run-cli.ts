import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What `simulate.ts --json` prints. */
export interface Batch {
  runs: number;
  commits: number;
  events: number;
  /** Of the processor, not of the clock. */
  cpu_seconds: number;
  faults: Record<string, number>;
  /** How often what only some worlds have came to something. */
  features: Record<string, number>;
  failures: { seed: number; invariant: string; message: string }[];
  /** By seed, for single seeds: the same for the same world. */
  digests: Record<string, string>;
}

/** Runs simulations in a process of their own: they put the clock, the timers and chance under their rule. */
export async function simulateInProcess(...args: string[]): Promise<Batch> {
  const script = fileURLToPath(new URL("simulate.ts", import.meta.url).href);
  const output = await promisify(execFile)(process.execPath, [script, "--json", ...args], { maxBuffer: 1 << 28 }).catch(
    (error: unknown) => {
      // Exit code 1: an invariant broke, and the output says which.
      if (
        typeof error === "object" &&
        error !== null &&
        "code" in error &&
        error.code === 1 &&
        "stdout" in error &&
        error.stdout !== ""
      ) {
        return { stdout: String(error.stdout) };
      }
      throw error;
    },
  );
  return JSON.parse(output.stdout) as Batch;
}
