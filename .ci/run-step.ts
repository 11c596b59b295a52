import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** The environment of every step: the project's own tools and Node first, nothing that reports to anybody. */
export const stepEnv: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [join(root, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  DO_NOT_TRACK: "1",
};

export interface Step {
  name: string;
  command: [string, ...string[]];
  /** Show the output while it runs; otherwise only when the step fails. */
  live?: boolean;
}

/** Runs one command in the project's root. Answers whether it succeeded. */
export async function runStep({ name, command: [program, ...args], live = false }: Step): Promise<boolean> {
  const began = performance.now();
  const child = spawn(program, args, {
    cwd: root,
    env: stepEnv,
    stdio: live ? "inherit" : ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  const output: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => output.push(chunk));
  const passed = await new Promise<boolean>((done) => {
    child.once("error", (error) => {
      output.push(Buffer.from(`${error.message}\n`));
      done(false);
    });
    child.once("close", (code) => done(code === 0));
  });
  if (!passed) process.stdout.write(Buffer.concat(output));
  console.log(`${passed ? "✓" : "✗"} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  return passed;
}
