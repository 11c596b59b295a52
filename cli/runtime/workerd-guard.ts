import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * workerd survives a SIGKILL of the process that started it, and then holds the port and the data. So every workerd gets a guard: a shell in a
 * session of its own that waits for this process to vanish, by the end of a pipe, and then kills that workerd.
 */
export function guard(workerd: ChildProcess): void {
  const { pid } = workerd;
  if (pid === undefined) return;
  const shell = startGuard(pid);
  workerd.once("exit", () => shell.kill("SIGKILL"));
}

function startGuard(pid: number): ChildProcess {
  const [command, args] =
    process.platform === "win32"
      ? [process.execPath, ["-e", `process.stdin.resume().on("end", () => process.kill(${pid}))`]]
      : ["/bin/sh", ["-c", `read -r _; kill -KILL ${pid}`]];
  const process_ = spawn(command, args, { detached: true, stdio: ["pipe", "ignore", "ignore"], windowsHide: true });
  process_.once("error", (error) => console.error(`weft: no guard for the runtime process ${pid}: ${error.message}`));
  process_.unref();
  const { stdin } = process_;
  if (stdin !== null && "unref" in stdin && typeof stdin.unref === "function") stdin.unref();
  return process_;
}

/** Ends a workerd that an earlier, killed start left behind, and waits until it is gone. */
export async function killOrphan(pid: number): Promise<void> {
  for (let tries = 0; isWorkerd(pid) && tries < 100; tries++) {
    process.kill(pid, "SIGKILL");
    await sleep(20);
  }
}

/** A process id may have been given to another program since, and a zombie has nothing left to hold. */
function isWorkerd(pid: number): boolean {
  try {
    const command =
      process.platform === "linux"
        ? (readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0", 1)[0] ?? "")
        : execFileSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8", stdio: "pipe" }).trim();
    return command.endsWith("workerd");
  } catch {
    return false;
  }
}
