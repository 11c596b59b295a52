import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { treeUsage } from "./process-tree.ts";

it.runIf(process.platform === "linux")("counts a process with its children, and not its parent", async () => {
  const shell = spawn("sh", ["-c", "sleep 30 & echo started; wait"], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  try {
    await once(shell.stdout, "data");
    const usage = treeUsage(shell.pid ?? 0);
    expect(usage.processes).toBe(2);
    expect(usage.rssMiB).toBeGreaterThan(0);
    expect(treeUsage(process.pid).processes).toBeGreaterThanOrEqual(3);
  } finally {
    process.kill(-(shell.pid ?? 0), "SIGKILL");
    await once(shell, "exit");
  }
  expect(() => treeUsage(shell.pid ?? 0)).toThrow(`There is no process ${shell.pid}`);
});
