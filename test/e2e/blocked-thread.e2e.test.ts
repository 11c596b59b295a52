import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PythonPattern } from "#blocks/text/python-pattern.ts";
import { startServer, type TestServer } from "./server.ts";

const INPUT = "c0a8e994-ebf1-4a9c-a4d8-89d09c86741b";
const OUTPUT = "363ae599-353e-4804-937e-b2ee3cef3da4";
const MATCH = "3060088f-6ed9-4928-9ba7-9c92823a7ccd";
const PRINT = "f3b1c1b2-4c4f-4f0d-8d2f-4c4f0d8d2f4c";

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
    const node = (id: string, block_id: string, input_default: object): object => ({ id, block_id, input_default });
    const agent = (name: string, middle: object, pins: [string, string]): object => ({
      name,
      description: "",
      nodes: [node("in", INPUT, { name: "text" }), middle, node("out", OUTPUT, { name: "said" })],
      links: [
        { id: "1", source_id: "in", source_name: "result", sink_id: "work", sink_name: pins[0], is_static: false },
        { id: "2", source_id: "work", source_name: pins[1], sink_id: "out", sink_name: "value", is_static: false },
      ],
    });
    const match = node("work", MATCH, { match: PATTERN, data: "found" });
    heavy = (await server.client.importGraph(agent("Heavy", match, ["text", "positive"]))).id;
    light = (await server.client.importGraph(agent("Light", node("work", PRINT, {}), ["text", "output"]))).id;
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
