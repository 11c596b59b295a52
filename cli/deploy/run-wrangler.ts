import { spawn } from "node:child_process";
import { join } from "node:path";
import { PROJECT_ROOT } from "../runtime/project.ts";

export interface WranglerResult {
  ok: boolean;
  output: string;
}

/** Runs wrangler in the project. With `quiet`, its output is only returned. */
export async function runWrangler(args: string[], quiet = false): Promise<WranglerResult> {
  const program = join(PROJECT_ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  const child = spawn(process.execPath, [program, ...args], {
    cwd: PROJECT_ROOT,
    stdio: ["inherit", "pipe", "pipe"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
  });
  let output = "";
  const collect = (stream: NodeJS.WriteStream) => (chunk: Buffer) => {
    output += chunk.toString();
    if (!quiet) stream.write(chunk);
  };
  child.stdout.on("data", collect(process.stdout));
  child.stderr.on("data", collect(process.stderr));
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("close", done);
  });
  return { ok: code === 0, output };
}
