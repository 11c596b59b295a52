import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FakeLlm, startFakeLlm } from "#cli/fake-llm/server.ts";
import { startServer, type TestServer } from "./server.ts";

/** Every command of the README, as it stands there but for ports and the folder of the data. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const run = promisify(execFile);

let server: TestServer;
let llm: FakeLlm;
beforeAll(async () => {
  llm = await startFakeLlm();
  server = await startServer();
});
afterAll(async () => {
  await server?.stop();
  await llm?.close();
});

/** The code blocks of a language, with the addresses of this test. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, code = ""]) =>
    code
      .replaceAll("http://127.0.0.1:8787", server.url)
      .replaceAll("ws://127.0.0.1:8787", server.url.replace("http", "ws"))
      .replaceAll("127.0.0.1:8089", llm.address)
      .replaceAll(".weft/local.json", join(server.dataDir, "local.json")),
  );
}

async function shell(script: string, env: Record<string, string> = {}): Promise<string> {
  const path = [join(root, "node_modules", ".bin"), process.env["PATH"]].join(delimiter);
  const options = {
    cwd: root,
    env: { ...process.env, WEFT_DATA: server.dataDir, PATH: path, ...env },
    maxBuffer: 50_000_000,
  };
  return (await run("bash", ["-euo", "pipefail", "-c", script], options)).stdout;
}

test("the commands of the README work", async () => {
  const commands = blocks("sh").filter((code) => !code.includes("npm install") && !code.includes("weft -- fake-llm"));
  expect(commands).toHaveLength(8);
  const output = await shell(commands.map((code) => `${code}\necho "=== done"`).join("\n"));
  const [local, stored, , started, waited, followed, ai, external] = output.split("=== done\n");
  const shown = [...readme.matchAll(/^```\n(plan: [^`]*)^```/gm)][0]?.[1];
  expect(local).toBe(shown);
  expect(stored).toContain("Savings plan (version 1)");
  expect(stored).toContain("STATUS");
  expect(started).toBe(shown);
  expect(JSON.parse(waited ?? "")).toMatchObject({ status: "COMPLETED", outputs: { months: [13] } });
  expect(followed).toContain("event: execution_completed");
  expect(ai).toContain("minutes: # Meeting");
  expect(JSON.parse(external ?? "")).toMatchObject({ execution_id: expect.any(String), nodes: expect.any(Array) });
});

test("the WebSocket client of the README prints every event", async () => {
  const [client = ""] = blocks("js");
  const file = join(server.dataDir, "live.mjs");
  writeFileSync(file, client);
  const { id } = await server.client.importGraph(
    JSON.parse(readFileSync(join(root, "examples/savings-plan.json"), "utf8")),
  );
  const output = await shell(`node ${file}`, { WEFT_API_KEY: server.apiKey, GRAPH: id });
  const events = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { seq: number; type: string });
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.at(-1)?.type).toBe("execution_completed");
});
