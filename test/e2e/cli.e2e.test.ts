import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFakeLlm } from "#cli/fake-llm/server.ts";
import type { JsonObject } from "#graph/json.ts";
import { asking, chain, fanOut, handledFailure, waiting } from "./agents.ts";
import { runWeft } from "./run-weft.ts";
import { startServer, type TestServer } from "./server.ts";

const folder = mkdtempSync(join(tmpdir(), "weft-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function agentFile(name: string, file: unknown): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, typeof file === "string" ? file : JSON.stringify(file));
  return path;
}

/** `file` with a node that fails and whose error nobody handles. */
function withUnhandledFailure(file: JsonObject): JsonObject {
  const copy = structuredClone(file) as { links: { source_name: string }[] } & JsonObject;
  return { ...copy, links: copy.links.filter(({ source_name }) => source_name !== "error") };
}

/** `waiting` with a wait that outlasts every test. */
function longWait(): unknown {
  const file = structuredClone(waiting.file) as { nodes: { id: string; input_default: JsonObject }[] };
  for (const node of file.nodes) if (node.id === "wait") node.input_default = { seconds: 500 };
  return file;
}

describe("weft run", () => {
  const runs = () => readdirSync(tmpdir()).filter((name) => name.startsWith("weft-run-"));

  it("runs a file headless, shows what happens on stderr and prints the outputs", async () => {
    const before = runs();
    const result = await runWeft(["run", agentFile("chain", chain.file), "--input", "start=30"]);
    expect(result.stdout).toBe("sum: 42\n");
    expect(result.stderr).toContain("COMPLETED");
    expect(result.code).toBe(0);
    expect(runs()).toEqual(before);
  });

  it("takes inputs from a file and answers JSON", async () => {
    const inputs = agentFile("inputs", { items: [1, 2], factor: 1 });
    const args = ["run", agentFile("fan", fanOut.file), "--input-file", inputs, "--input", "factor=5", "--json"];
    const { stdout, code } = await runWeft(args);
    const { status, outputs } = JSON.parse(stdout) as { status: string; outputs: { products: number[] } };
    expect({ code, status, outputs: outputs.products.toSorted((a, b) => a - b) }).toEqual({
      code: 0,
      status: "COMPLETED",
      outputs: [5, 10],
    });
  });

  it("exits with 1 and the reason when the run fails, and still prints what it has", async () => {
    const file = agentFile("failing", withUnhandledFailure(handledFailure.file));
    const { stdout, stderr, code } = await runWeft(["run", file, "-i", "count=4"]);
    expect(stdout).toContain("product: 40\n");
    expect(stderr).toMatch(/^FAILED: /m);
    expect(code).toBe(1);
  });

  it("says what asking a model took, and refuses prices that it cannot read", async () => {
    const llm = await startFakeLlm();
    try {
      const env = {
        OPENAI_API_KEY: "fake",
        OPENAI_BASE_URL: llm.openAiBaseUrl,
        WEFT_EGRESS_ALLOW: llm.address,
        WEFT_MODEL_PRICES: '{"openai": {"gpt-4o": {"input": 100, "output": 100}}}',
      };
      llm.enqueue({ text: "Because.", usage: { inputTokens: 1_200, outputTokens: 34 } });
      const args = ["run", agentFile("asking", asking.file), "-i", "prompt=Why?"];
      const { stdout, stderr } = await runWeft(args, { env });
      expect(stdout).toBe("answer: Because.\n");
      expect(stderr).toMatch(/COMPLETED \(.+, 1,234 tokens, \$0\.12\)/);
      const refused = await runWeft(args, { env: { ...env, WEFT_MODEL_PRICES: "2.5" } });
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain("WEFT_MODEL_PRICES cannot be used: the whole is no object.");
    } finally {
      await llm.close();
    }
  });

  it("exits with 1 when the time limit passes", async () => {
    const { stderr, code } = await runWeft(["run", agentFile("long", longWait()), "-i", "word=x", "--timeout", "2"]);
    expect(stderr).toContain("time limit of 2 s");
    expect(code).toBe(1);
  });

  it("cancels the run on Ctrl-C and exits with 130", async () => {
    const before = runs();
    let sent = false;
    const { stderr, code } = await runWeft(["run", agentFile("endless", longWait()), "-i", "word=x"], {
      onOutput: (text, child) => {
        if (sent || !text.includes("CountdownTimerBlock started")) return;
        sent = true;
        child.kill("SIGINT");
      },
    });
    expect(stderr).toContain("TERMINATED");
    expect(code).toBe(130);
    expect(runs()).toEqual(before);
  });

  it.each([
    ["no file", ["run"]],
    ["a file that is not there", ["run", "nowhere.json"]],
    ["no JSON", ["run", agentFile("text", "hello")]],
    ["no agent", ["run", agentFile("other", { hello: 1 })]],
    [
      "an unknown block",
      ["run", agentFile("unknown", { name: "x", nodes: [{ id: "a", block_id: "nothing" }], links: [] })],
    ],
    ["a missing input", ["run", agentFile("chain-2", chain.file)]],
    ["an option that does not exist", ["run", "--what"]],
  ])("exits with 2 for %s", async (_, args) => {
    const { stderr, stdout, code } = await runWeft(args);
    expect(stderr).not.toBe("");
    expect(stderr).not.toContain("    at ");
    expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
  });
});

describe("weft without a server", () => {
  it("validates a file", async () => {
    const good = await runWeft(["validate", agentFile("valid", chain.file)]);
    expect(good).toMatchObject({ code: 0, stdout: "Chain is valid.\n" });
    const broken = {
      ...chain.file,
      links: [{ id: "l", source_id: "in", sink_id: "nobody", source_name: "result", sink_name: "a" }],
    };
    const bad = await runWeft(["validate", agentFile("broken", broken), "--json"]);
    expect(bad.code).toBe(2);
    expect(JSON.parse(bad.stdout)).toMatchObject({ valid: false });
  });

  it("lists the blocks and shows one", async () => {
    const { stdout: list } = await runWeft(["blocks", "--search", "calculat"]);
    expect(list).toContain("b1ab9b19-67a6-406d-abf5-2dba76d00c79");
    expect(list).not.toContain("NoteBlock");
    const { stdout: one, code } = await runWeft(["blocks", "CalculatorBlock"]);
    expect(one).toMatch(/^a\* +number/m);
    expect(code).toBe(0);
  });

  it("tells its commands, and which one does not exist", async () => {
    expect(await runWeft([])).toMatchObject({ code: 0, stdout: expect.stringContaining("weft COMMAND") });
    expect(await runWeft(["fly"])).toMatchObject({ code: 2, stderr: expect.stringContaining("no command fly") });
  });
});

describe("weft with a server", () => {
  let server: TestServer;
  let env: Record<string, string>;
  beforeAll(async () => {
    server = await startServer({ env: { WEFT_LEASE_MS: "2000" } });
    env = { WEFT_DATA: server.dataDir };
  });
  afterAll(() => server.stop());

  it("imports, runs, lists, shows, follows and exports", async () => {
    const imported = await runWeft(["import", agentFile("fan-2", fanOut.file), "--json"], { env });
    const { id: graphId } = JSON.parse(imported.stdout) as { id: string };
    const { id } = await server.client.startExecution({ graph_id: graphId, inputs: fanOut.inputs(1) });

    const followed = await runWeft(["logs", id, "--follow", "--json"], { env });
    const events = followed.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { seq: number; type: string });
    expect(followed.code).toBe(0);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)?.type).toBe("execution_completed");
    const logged = await runWeft(["logs", id, "--json"], { env });
    expect(logged.stdout).toBe(followed.stdout);
    const rest = await runWeft(["logs", id, "--json", "--after", "3"], { env });
    expect(rest.stdout).toBe(followed.stdout.split("\n").slice(3).join("\n"));

    const out = join(folder, "exported.json");
    expect(await runWeft(["export", graphId, "--output", out], { env })).toMatchObject({ code: 0, stdout: "" });
    expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({ name: "Fan out" });
    expect(await runWeft(["validate", out])).toMatchObject({ code: 0 });
  });

  it("cancels a run", async () => {
    const { id: graph_id } = await server.client.importGraph(longWait());
    const { id } = await server.client.startExecution({ graph_id, inputs: { word: "x" } });
    expect(await runWeft(["cancel", id], { env })).toMatchObject({ code: 0, stdout: `${id}  TERMINATED\n` });
    expect(await runWeft(["logs", id, "-f"], { env })).toMatchObject({ code: 1 });
  });

  it("goes on following after the server was killed and started again", async () => {
    const { id: graph_id } = await server.client.importGraph(waiting.file);
    const { id } = await server.client.startExecution({ graph_id, inputs: { word: "x" } });
    const following = runWeft(["logs", id, "--follow", "--json"], { env });
    await server.kill("SIGKILL");
    await server.restart();
    const { stdout, code } = await following;
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { seq: number; type: string });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect({ code, last: events.at(-1)?.type }).toEqual({ code: 0, last: "execution_completed" });
  });

  it("says what is wrong with the key, the server or the id", async () => {
    expect(await runWeft(["executions", "--key", "wrong"], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/\(\w+\)/),
    });
    const nobody = await runWeft(["executions", "--url", "http://127.0.0.1:9", "--key", "x"], { env });
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining("unreachable") });
    const unknown = await runWeft(["logs", "01a20518-0000-7000-8000-000000000000"], { env });
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining("not_found") });
  });
});
