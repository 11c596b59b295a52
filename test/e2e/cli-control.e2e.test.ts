import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { chain, reviewed, unhandledFailure } from "./agents.ts";
import { runEnded } from "./check-run.ts";
import { runWeft, type WeftResult } from "./run-weft.ts";
import { startServer, type TestServer } from "./server.ts";

describe("weft controls runs on a server", () => {
  let server: TestServer;
  const env: Record<string, string> = {};
  beforeAll(async () => {
    server = await startServer();
    env["WEFT_URL"] = server.url;
    env["WEFT_API_KEY"] = server.apiKey;
  });
  afterAll(() => server.stop());

  const weft = (...args: string[]): Promise<WeftResult> => runWeft(args, { env });

  async function start(file: JsonObject, inputs: JsonObject): Promise<string> {
    const { id: graph_id } = await server.client.importGraph(file);
    return (await server.client.startExecution({ graph_id, inputs })).id;
  }

  async function until(id: string, reached: (type: string) => boolean): Promise<void> {
    for await (const { type } of server.client.follow(id)) if (reached(type)) return;
  }

  function firstWord({ stdout }: WeftResult): string {
    return stdout.split(/\s/)[0] ?? "";
  }

  async function nodeExecution(id: string, node: string): Promise<string> {
    for await (const event of server.client.events(id)) {
      const { node_id, node_execution_id } = event as { node_id?: string; node_execution_id?: string };
      if (node_id === node && node_execution_id !== undefined) return node_execution_id;
    }
    throw new Error(`${node} did not run.`);
  }

  /** A run that waits for a person, for as long as it takes. */
  async function startReview(): Promise<string> {
    const id = await start(reviewed.file, { word: "draft" });
    await until(id, (type) => type === "node_waiting");
    return id;
  }

  it("pauses a run and lets it go on", async () => {
    const id = await startReview();
    const paused = await weft("pause", id);
    expect(paused).toMatchObject({ code: 0, stdout: expect.stringMatching(`^${id}  \\w+, paused\n$`) });
    expect((await server.client.execution(id)).paused).toBe(true);
    expect(await weft("resume", id)).toMatchObject({ code: 0, stdout: expect.not.stringContaining("paused") });
    const { items } = await server.client.reviews(id);
    await server.client.review(id, items[0]?.review_id ?? "", { approved: true });
    expect((await runEnded(server.client, id)).outputs).toEqual({ said: ["draft"] });
    expect(await weft("pause", id)).toMatchObject({ code: 0, stdout: `${id}  COMPLETED\n` });
  });

  it("lists what a run asks for, and approves it as edited", async () => {
    const id = await startReview();
    const listed = await weft("reviews", id, "--json");
    const [review] = JSON.parse(listed.stdout) as { review_id: string; node_id: string }[];
    expect(review).toMatchObject({ node_id: "ask" });
    const table = await weft("reviews", id);
    expect(table.stdout).toContain("draft");
    expect(table.stdout).toContain(review?.review_id);

    const approved = await weft("approve", id, review?.review_id ?? "", "--data", '"edited"');
    expect(approved.code).toBe(0);
    expect((await runEnded(server.client, id)).outputs).toEqual({ said: ["edited"] });
    const again = await weft("approve", id, review?.review_id ?? "", "--reject");
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/\(\w+\)/) });
  });

  it("retries a failed run, alone and with others", async () => {
    const id = await start(unhandledFailure.file, { count: 2 });
    expect((await runEnded(server.client, id)).status).toBe("FAILED");
    const retried = await weft("retry", id);
    expect(retried.code).toBe(0);
    const second = await runEnded(server.client, firstWord(retried));
    expect(second).toMatchObject({ status: "FAILED", retried_from: id, outputs: { product: [20] } });

    const from = new Date(Date.now() - 600_000).toISOString();
    const redriven = await weft("redrive", "--status", "failed", "--from", from, "--limit", "1", "--json");
    expect(redriven.code).toBe(0);
    const [item, ...others] = JSON.parse(redriven.stdout) as { execution_id: string; new_execution_id: string }[];
    expect(others).toEqual([]);
    expect([id, second.id]).toContain(item?.execution_id);
    expect((await runEnded(server.client, item?.new_execution_id ?? "")).retried_from).toBe(item?.execution_id);
    const all = await weft("redrive", "--status", "failed", "--from", from, "--limit", "1", "--all", "--json");
    expect(all.code).toBe(0);
    const found = JSON.parse(all.stdout) as { execution_id: string }[];
    expect(found.map(({ execution_id }) => execution_id)).toContain(id);
    expect(new Set(found.map(({ execution_id }) => execution_id)).size).toBe(found.length);
    const none = await weft("redrive", "--status", "TERMINATED");
    expect(none).toMatchObject({ code: 0, stdout: expect.not.stringContaining(id) });
  });

  it("forks a run from one of its nodes with another value", async () => {
    const id = await start(chain.file, { start: 1 });
    expect((await runEnded(server.client, id)).outputs).toEqual({ sum: [13] });
    const forked = await weft("fork", id, await nodeExecution(id, "step-10"), "--input", "a=100");
    expect(forked.code).toBe(0);
    const outputs: Record<string, JsonValue[]> | undefined = (await runEnded(server.client, firstWord(forked))).outputs;
    expect(outputs).toEqual({ sum: [102] });
  });

  it.each([
    [["pause"]],
    [["retry", "a", "b"]],
    [["fork", "a"]],
    [["fork", "a", "b", "--input", "pin"]],
    [["redrive"]],
    [["redrive", "--status", "FAILED", "--limit", "0"]],
    [["redrive", "--status", "FAILED", "--from", "yesterday"]],
    [["reviews"]],
    [["approve", "a"]],
    [["approve", "a", "b", "--reject", "--always"]],
  ])("answers %j with how it is used", async (args) => {
    expect(await weft(...args)).toMatchObject({ code: 2, stdout: "" });
  });
});
