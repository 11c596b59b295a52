import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { takeFileLock } from "./file-lock.ts";

const folder = mkdtempSync(join(tmpdir(), "weft-lock-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("is held by one at a time", () => {
  const path = join(folder, "deep", "one");
  const first = takeFileLock(path);
  expect(first).not.toBeNull();
  expect(takeFileLock(path)).toBeNull();
  first?.release();
  const second = takeFileLock(path);
  expect(second).not.toBeNull();
  second?.release();
});

it("is free again when its holder was killed", async () => {
  const path = join(folder, "two");
  const module = new URL("./file-lock.ts", import.meta.url).href;
  const code = `const { takeFileLock } = await import(${JSON.stringify(module)});
    console.log(takeFileLock(${JSON.stringify(path)}) === null ? "busy" : "held"); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(holder.stdout, "data")) as [Buffer];
  expect(said.toString().trim()).toBe("held");
  expect(takeFileLock(path)).toBeNull();
  const gone = once(holder, "exit");
  holder.kill("SIGKILL");
  await gone;
  const lock = takeFileLock(path);
  expect(lock).not.toBeNull();
  lock?.release();
});
