import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PythonPattern } from "#blocks/text/python-pattern.ts";
import { agentFile } from "../agent-file.ts";
import type { ShapeNode } from "../agent-file.ts";
import { startServer, type TestServer } from "./server.ts";

/** Steps that a search may take: some seconds without a pause. */
const MAX_STEPS = 100_000_000;
const PATTERN = "(a?){900}$";
/** Longest text that may be searched by it. The match is at its very end, so all of it is gone through. */
const LENGTH = Math.floor(MAX_STEPS / new PythonPattern(PATTERN, { caseSensitive: true, dotAll: true }).stepsFor(1));

describe("a block at its bound", () => {
  let server: TestServer;
  let heavy = "";
  let light = "";
  beforeAll(async () => {
    server = await startServer();
    const agent = (name: string, work: ShapeNode, pins: [string, string]): object =>
      agentFile(name, "", {
        nodes: { in: ["input", { name: "text" }], work, out: ["output", { name: "said" }] },
        links: [
          ["in.result", `work.${pins[0]}`],
          [`work.${pins[1]}`, "out.value"],
        ],
      });
    const match: ShapeNode = ["match", { match: PATTERN, data: "found" }];
    heavy = (await server.client.importGraph(agent("Heavy", match, ["text", "positive"]))).id;
    light = (await server.client.importGraph(agent("Light", ["print"], ["text", "output"]))).id;
  });
  afterAll(() => server.stop());

  async function run(graph_id: string, text: string): Promise<string> {
    const { id } = await server.client.startExecution({ graph_id, inputs: { text } });
    const types: string[] = [];
    for await (const { type } of server.client.follow(id, 0, AbortSignal.timeout(120_000))) types.push(type);
    const { status, outputs, error } = await server.client.execution(id);
    return `${status} ${error?.code ?? JSON.stringify(outputs)}${types.includes("node_retrying") ? " again" : ""}`;
  }

  it("[BI8] holds the thread, and every other run goes on afterwards, with no attempt lost", async () => {
    const text = `${"a".repeat(LENGTH - 1)}!`;
    const outcomes = await Promise.all([run(light, "one"), run(heavy, text), run(light, "two")]);
    expect(outcomes).toEqual([
      'COMPLETED {"said":["one"]}',
      'COMPLETED {"said":["found"]}',
      'COMPLETED {"said":["two"]}',
    ]);
    expect(await run(light, "three")).toBe('COMPLETED {"said":["three"]}');
  });

  it("[BI8] is refused what would hold it for longer", async () => {
    expect(await run(heavy, `${"a".repeat(LENGTH)}!`)).toBe("FAILED pattern_too_slow");
  });
});
