import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "#graph/json.ts";
import { chain, steps, unhandledFailure, waiting } from "./agents.ts";
import { runEnded } from "./check-run.ts";
import { runWeft, type WeftResult } from "./run-weft.ts";
import { startServer, type TestServer } from "./server.ts";

const LONG = "99999";

/** `waiting` with a wait that outlasts every test. */
function longWait(): JsonObject {
  const file = structuredClone(waiting.file) as { nodes: JsonObject[] } & JsonObject;
  const nodes = file.nodes.map((node) => (node["id"] === "wait" ? { ...node, input_default: { seconds: 500 } } : node));
  return { ...file, nodes } as JsonObject;
}

/** Adds `by` to an input. With outputs pinned in the file, and a name that a person gave. */
function adder(by: number): JsonObject {
  const file = structuredClone(chain.file) as { nodes: JsonObject[]; links: JsonObject[] } & JsonObject;
  const metadata = { position: { x: 0, y: 0 }, customized_name: "The sum", weft: { pinned: { result: [1000] } } };
  const nodes = file.nodes
    .filter(({ id }) => ["in", "step-0", "out"].includes(String(id)))
    .map((node) =>
      node["id"] === "step-0" ? { ...node, input_default: { operation: "Add", b: by }, metadata } : node,
    );
  const [first, last] = [file.links[0], file.links.at(-1)];
  return { ...file, nodes, links: [first, { ...last, source_id: "step-0" }] } as JsonObject;
}

describe("weft starts agents of a server", () => {
  let server: TestServer;
  const env: Record<string, string> = {};
  const folder = mkdtempSync(join(tmpdir(), "weft-start-"));
  beforeAll(async () => {
    server = await startServer();
    env["WEFT_URL"] = server.url;
    env["WEFT_API_KEY"] = server.apiKey;
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const weft = (...args: string[]): Promise<WeftResult> => runWeft(args, { env });
  const store = async (file: JsonObject): Promise<string> => (await server.client.importGraph(file)).id;

  function jsonFile(name: string, value: unknown): string {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(value));
    return path;
  }

  async function failedRun(): Promise<string> {
    const graph_id = await store(unhandledFailure.file);
    const { id } = await server.client.startExecution({ graph_id, inputs: { count: 4 } });
    await runEnded(server.client, id);
    return id;
  }

  it("prints the run's id, and the run goes its way", async () => {
    const graph = await store(adder(1));
    const started = await weft("start", graph, "--input", "start=41");
    expect(started).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[\da-f-]{36} {2}\w+\n$/) });
    const id = started.stdout.slice(0, 36);
    await runEnded(server.client, id);
    const shown = await weft("show", id);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining(`${id}  COMPLETED`) });
    expect(shown.stdout).toContain("sum: 42\n");
    expect(JSON.parse((await weft("show", id, "--json")).stdout)).toMatchObject({ id, outputs: { sum: [42] } });
  });

  it("waits for the end, shows what happens and prints the outputs of the version that was meant", async () => {
    const { id: graph, latest_version } = await server.client.importGraph(adder(1));
    const saved = await fetch(`${server.url}/api/v1/graphs/${graph}`, {
      method: "PUT",
      headers: { "x-api-key": server.apiKey, "content-type": "application/json", "if-match": `"${latest_version}"` },
      body: JSON.stringify(adder(2)),
    });
    expect(saved.status).toBe(200);
    const inputs = jsonFile("inputs.json", { start: 1 });
    const first = await weft("start", graph, "--version", "1", "--input-file", inputs, "--wait", LONG);
    expect(first).toMatchObject({ code: 0, stdout: "sum: 2\n", stderr: expect.stringContaining("The sum completed") });
    const second = await weft(
      "start",
      graph,
      "--version",
      "2",
      "--input-file",
      inputs,
      "-i",
      "start=5",
      "--wait",
      LONG,
    );
    expect(second).toMatchObject({ code: 0, stdout: "sum: 7\n" });
  });

  it("exits with 1 when the run fails, and with 3 when it goes on after the time", async () => {
    const failed = await weft("start", await store(unhandledFailure.file), "-i", "count=4", "--wait", LONG);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringMatching(/^FAILED: /m) });
    expect(failed.stdout).toContain("product: 40\n");

    const graph = await store(longWait());
    const request = { graph_id: graph, inputs: { word: "x" } };
    const { id } = await server.client.startExecution(request, { idempotencyKey: "cli-slow" });
    for await (const { type } of server.client.follow(id)) if (type === "node_waiting") break;
    const slow = await weft("start", graph, "-i", "word=x", "--idempotency-key", "cli-slow", "--wait", "5");
    expect(slow).toMatchObject({ code: 3, stdout: "" });
    expect(slow.stderr).toContain("CountdownTimerBlock waits until ");
    expect(slow.stderr).toContain(`weft logs ${id} --follow`);
    await server.client.cancel(id);
  });

  it("stops waiting on Ctrl-C and leaves the run alone", async () => {
    let sent = false;
    const graph = await store(longWait());
    const { code, stdout } = await runWeft(["start", graph, "-i", "word=x", "--wait", LONG, "--json"], {
      env,
      onOutput: (text, child) => {
        if (sent || !text.includes("waits until")) return;
        sent = true;
        child.kill("SIGINT");
      },
    });
    const { id } = JSON.parse(stdout) as { id: string };
    expect([code, (await server.client.execution(id)).ended_at]).toEqual([130, null]);
    await server.client.cancel(id);
  });

  it("starts one run for a key, also when the agent is gone, and refuses the key for another request", async () => {
    const graph = await store(adder(1));
    const inputs = jsonFile("keyed.json", { start: 1 });
    const args = ["start", graph, "--input-file", inputs, "--idempotency-key", "cli-key"];
    const first = await weft(...args, "--wait", LONG, "--json");
    const { id } = JSON.parse(first.stdout) as { id: string };
    expect((await weft(...args)).stdout).toBe(`${id}  COMPLETED\n`);
    const other = await weft("start", graph, "-i", "start=2", "--idempotency-key", "cli-key");
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining("(idempotency_conflict)") });
    await fetch(`${server.url}/api/v1/graphs/${graph}`, { method: "DELETE", headers: { "x-api-key": server.apiKey } });
    expect(await weft(...args, "--wait", LONG)).toMatchObject({ code: 0, stdout: "sum: 2\n" });
  });

  it("gives pinned outputs, and runs a part of the agent by a node's id or name", async () => {
    const graph = await store(adder(1));
    const run = (...more: string[]): Promise<WeftResult> => weft("start", graph, ...more, "--wait", LONG);
    expect((await run("-i", "start=1", "--saved-pins")).stdout).toBe("sum: 1000\n");
    const pinned = jsonFile("pinned.json", { "step-0": { result: [5, 6] } });
    expect((await run("-i", "start=1", "--pinned", pinned)).stdout).toBe("sum: 5\nsum: 6\n");
    for (const node of ["step-0", "The sum"]) {
      const part = await run("-i", "start=1", "--until", node, "--json");
      const { id, status } = JSON.parse(part.stdout) as { id: string; status: string };
      expect([part.code, status]).toEqual([0, "COMPLETED"]);
      const listed = (await weft("node", id)).stdout;
      expect(listed).toMatch(/step-0 +COMPLETED/);
      expect(listed).not.toMatch(/out +COMPLETED/);
    }
    const one = await run("--only", "The sum", "-i", "a=2", "--json");
    const nodes = await weft("node", (JSON.parse(one.stdout) as { id: string }).id, "--json");
    expect(JSON.parse(nodes.stdout)).toMatchObject([{ node_id: "step-0", output: { result: [3] } }]);
    const unknown = await run("--only", "nothing");
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("step-0  The sum") });
  });

  it("makes a dry run", async () => {
    const graph = await store(longWait());
    const dry = await weft("start", graph, "-i", "word=x", "--dry-run", "--wait", LONG, "--json");
    const { id, status } = JSON.parse(dry.stdout) as { id: string; status: string };
    expect([dry.code, status, (await server.client.execution(id)).dry_run]).toEqual([0, "COMPLETED", true]);
  });

  it("says why a run waits for its turn", async () => {
    const file = { ...longWait(), metadata: { weft: { flow: { throttle: { limit: 1, period_seconds: 3600 } } } } };
    const graph = await store(file);
    const first = await weft("start", graph, "-i", "word=x");
    const second = await weft("start", graph, "-i", "word=x");
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining("QUEUED") });
    expect(second.stderr).toContain("(throttle)");
    expect((await weft("show", second.stdout.slice(0, 36))).stdout).toContain("(throttle)");
    for (const { stdout } of [first, second]) await server.client.cancel(stdout.slice(0, 36));
  });

  it("shows one node execution with its attempts, causes and values", async () => {
    const id = await failedRun();
    const nodes = await Array.fromAsync(server.client.nodeExecutions(id));
    const idOf = (node: string): string => nodes.find(({ node_id }) => node_id === node)?.node_execution_id ?? "";
    const bad = await weft("node", id, idOf("bad"));
    expect(bad.code).toBe(0);
    expect(bad.stdout).toMatch(new RegExp(`^${idOf("bad")}  bad  FAILED\n`));
    expect(bad.stdout).toMatch(/^1 +\S+Z +[\d.]+ m?s +failed +\S/m);
    expect(bad.stdout).toContain(`result of in`);
    const good = await weft("node", id, idOf("good"), "--json");
    expect(JSON.parse(good.stdout)).toMatchObject({ output: { result: [40] }, explanation: { code: "completed" } });
    expect(await weft("node", id, "n99")).toMatchObject({ code: 1, stderr: expect.stringContaining("(not_found)") });
  });

  it("tells what a run would take", async () => {
    // A block of it reaches the outside and is in no other agent here: nothing can be told from the blocks either (rule WP8).
    const graph = await store(steps.file);
    const unknown = await weft("estimate", graph);
    expect(unknown).toMatchObject({ code: 0, stdout: expect.stringContaining("Nothing is known yet") });
    const estimate = JSON.parse((await weft("estimate", graph, "--json")).stdout) as JsonObject;
    expect(estimate).toMatchObject({ graph_id: graph, sample_size: 0, queued_before: 0 });
    expect(await weft("estimate", "nope")).toMatchObject({ code: 1, stderr: expect.stringContaining("(not_found)") });
  });

  it("starts one rerun for a key", async () => {
    const id = await failedRun();
    const retried = await weft("retry", id, "--idempotency-key", "cli-retry");
    expect((await weft("retry", id, "--idempotency-key", "cli-retry")).stdout.slice(0, 36)).toBe(
      retried.stdout.slice(0, 36),
    );
    const conflict = await weft("fork", id, "n1", "-i", "value=7", "--idempotency-key", "cli-retry");
    expect(conflict).toMatchObject({ code: 1, stderr: expect.stringContaining("(idempotency_conflict)") });
    const none = await weft("redrive", "--status", "FAILED", "--error-code", "no_such_code", "--json");
    expect(none).toMatchObject({ code: 0, stdout: "[]\n" });
  });
});
