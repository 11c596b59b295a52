import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface WeftResult {
  /** Null after a signal that the program did not handle. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `npm run weft -- …` as a process of its own. `onOutput` gets all of a stream so far, and the process, to send it signals. */
export async function runWeft(
  args: string[],
  options: { env?: Record<string, string>; onOutput?: (text: string, child: ChildProcess) => void } = {},
): Promise<WeftResult> {
  const child = spawn(process.execPath, ["cli/weft.ts", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  const result: WeftResult = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    result.stdout += chunk.toString();
    options.onOutput?.(result.stdout, child);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    result.stderr += chunk.toString();
    options.onOutput?.(result.stderr, child);
  });
  result.code = await new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", done);
  });
  return result;
}
