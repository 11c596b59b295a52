import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { type Block, type BlockContext, BlockError, Suspension } from "./define-block.ts";
import { anyValue, dictionary } from "./pin-types.ts";
import { runBlock } from "./run-block.ts";
import { testBlock } from "./test-block.testkit.ts";
import type { TestBlockRun } from "./test-block.testkit.ts";
import { testContext } from "./test-context.testkit.ts";

const input = z.object({ n: z.number().max(10), values: dictionary().default({}), note: z.string().optional() });
const output = z.object({ out: anyValue(), text: z.string() });

type Run = TestBlockRun<{ n: number; values: JsonObject }>;

const blockOf = (run: Run, uiType: "Standard" | "AI" | "Agent" = "Standard"): Block =>
  testBlock(run, { uiType, input, output });

interface Outcome {
  outputs: [string, JsonValue][];
  code?: string;
  message?: string;
}

async function run(
  block: Block,
  data: JsonObject = { n: 1 },
  setup: Partial<{ input_default: JsonObject; ctx: BlockContext }> = {},
): Promise<Outcome> {
  const outputs: [string, JsonValue][] = [];
  try {
    const raw = { input_default: setup.input_default ?? {}, data };
    for await (const pair of runBlock(block, raw, setup.ctx ?? testContext().ctx)) {
      outputs.push(pair);
    }
  } catch (error) {
    if (!(error instanceof BlockError)) {
      throw error;
    }
    return { outputs, code: error.code, message: error.message };
  }
  return { outputs };
}

const yields = (...values: unknown[]): Block =>
  blockOf(async function* () {
    for (const value of values) {
      yield ["out", value];
    }
  });

describe("input", () => {
  const echo = blockOf(async function* ({ input: { n, values } }) {
    yield ["out", { n, values }];
  });

  test("defaults lie under the data, dynamic pins are expanded, types converted", async () => {
    const data = { n: "7", "values_#_a": 1, "values_#___proto__": 2 };
    const { outputs } = await run(echo, data, { input_default: { n: 1, values: { b: 0 } } });
    expect(JSON.stringify(outputs)).toBe('[["out",{"n":7,"values":{"b":0,"a":1,"__proto__":2}}]]');
  });

  test.each<[JsonObject, string]>([
    [{}, '"n"'],
    [{ n: 11 }, '"n"'],
    [{ n: null }, '"n"'],
  ])("%j is refused by name of the pin", async (data, pin) => {
    const { code, message, outputs } = await run(echo, data);
    expect([code, outputs]).toEqual(["invalid_input", []]);
    expect(message).toContain(pin);
    expect(message).toContain("TestBlock");
  });
});

describe("output values", () => {
  test("undefined and dates become JSON, plain values pass as they are", async () => {
    const value = { a: [1, "x", null] };
    const { outputs } = await run(
      yields(undefined, new Date(0), { a: undefined, b: [undefined], c: new Date(0), d: -0 }, value),
    );
    expect(outputs).toEqual([
      ["out", null],
      ["out", "1970-01-01T00:00:00.000Z"],
      ["out", { b: [null], c: "1970-01-01T00:00:00.000Z", d: 0 }],
      ["out", value],
    ]);
    expect(Object.keys(outputs[2]?.[1] ?? {})).toEqual(["b", "c", "d"]);
    expect(outputs[3]?.[1]).toBe(value);
  });

  test("keys such as __proto__ stay keys", async () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}, "constructor": null}') as JsonObject;
    const { outputs } = await run(yields(value, { ...value, now: new Date(0) }));
    expect(JSON.stringify(outputs[0]?.[1])).toBe('{"__proto__":{"polluted":true},"constructor":null}');
    expect(JSON.stringify(outputs[1]?.[1])).toContain('"__proto__":{"polluted":true}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  const cyclic: Record<string, unknown> = { a: {} };
  cyclic["a"] = { b: [cyclic] };
  let deep: unknown = 1;
  for (let level = 0; level < 101; level += 1) {
    deep = [deep];
  }
  test.each<[string, unknown, string]>([
    ["NaN", { a: [0, Number.NaN] }, "at a[1]"],
    ["Infinity", Number.POSITIVE_INFINITY, "Infinity"],
    ["BigInt", 1n, "bigint"],
    ["a symbol", Symbol("x"), "symbol"],
    ["a function", { a: () => 1 }, "at a"],
    ["a Map", new Map(), "class Map"],
    ["a Set", [new Set()], "class Set"],
    ["bytes", new Uint8Array(2), "class Uint8Array"],
    ["an invalid date", new Date(Number.NaN), "date"],
    ["a cycle", cyclic, "contains itself"],
    ["a deep value", deep, "deeper than 100"],
  ])("%s is refused with its place", async (_name, value, place) => {
    const { code, message, outputs } = await run(yields("first", value, "later"));
    expect([code, outputs]).toEqual(["invalid_output", [["out", "first"]]]);
    expect(message).toContain(place);
  });

  test("the same object twice is no cycle", async () => {
    const shared = { a: 1 };
    expect((await run(yields([shared, shared]))).outputs).toEqual([["out", [shared, shared]]]);
  });

  test("a value of more than 100 MB is refused", async () => {
    const chunk = "x".repeat(10_000_000);
    const { code, outputs } = await run(
      yields(
        "small",
        Array.from({ length: 11 }, () => chunk),
      ),
    );
    expect([code, outputs]).toEqual(["value_too_large", [["out", "small"]]]);
  });
});

describe("output pins", () => {
  test("a standard block's values must fit the pin", async () => {
    const wrong: Run = async function* () {
      yield ["out", 1];
      yield ["text", 2];
    };
    const { code, message, outputs } = await run(blockOf(wrong));
    expect([code, outputs]).toEqual(["invalid_output", [["out", 1]]]);
    expect(message).toContain('"text"');
    expect((await run(blockOf(wrong, "AI"))).outputs).toEqual([
      ["out", 1],
      ["text", 2],
    ]);
  });

  test.each(["nope", "__proto__", "toString", ""])("the pin %j does not exist", async (pin) => {
    const block = blockOf(async function* () {
      yield [pin as "out", 1];
    });
    expect((await run(block)).code).toBe("invalid_output");
  });

  test("agents have the pins of their graph, orchestrators those of their tools", async () => {
    const agent = blockOf(async function* () {
      yield ["answer" as "out", 1];
    }, "Agent");
    const orchestrator = blockOf(async function* () {
      yield ["tools_^_n1_~_query" as "out", "x"];
    }, "AI");
    expect((await run(agent)).outputs).toEqual([["answer", 1]]);
    expect((await run(orchestrator)).outputs).toEqual([["tools_^_n1_~_query", "x"]]);
  });

  test("what is not a pair is refused", async () => {
    const block = blockOf(async function* () {
      yield "out" as never;
    });
    expect((await run(block)).code).toBe("invalid_output");
  });
});

describe("failures", () => {
  test("yielding error stops the block and keeps what came before", async () => {
    let cleaned = false;
    let reached = false;
    const block = blockOf(async function* () {
      try {
        yield ["out", 1];
        yield ["error" as "out", "no such user"];
        reached = true;
        yield ["out", 2];
      } finally {
        cleaned = true;
      }
    });
    expect(await run(block)).toEqual({ outputs: [["out", 1]], code: "block_error", message: "no such user" });
    expect([cleaned, reached]).toEqual([true, false]);
  });

  test.each<[string, unknown, string, string]>([
    ["a BlockError", new BlockError("rate_limited", "Slow down."), "rate_limited", "Slow down."],
    ["an Error", new TypeError("x is not a function"), "block_failed", "x is not a function"],
    ["a text", "just text", "block_failed", "just text"],
    ["an object", { status: 500 }, "block_failed", '{"status":500}'],
    ["undefined", undefined, "block_failed", "undefined"],
    ["a bigint", 1n, "block_failed", "1"],
  ])("throwing %s", async (_name, thrown, code, message) => {
    const block = blockOf(async function* () {
      yield ["out", 1];
      throw thrown;
    });
    const outcome = await run(block);
    expect([outcome.outputs, outcome.code]).toEqual([[["out", 1]], code]);
    expect(outcome.message).toContain(message);
  });

  test("a rejected promise fails the block, whether it was awaited or yielded", async () => {
    const awaited = blockOf(async function* () {
      await Promise.reject(new Error("remote is down"));
      yield ["out", 1];
    });
    const yielded = blockOf(async function* () {
      yield Promise.reject(new Error("remote is down")) as never;
    });
    expect((await run(awaited)).message).toBe("remote is down");
    expect((await run(yielded)).message).toBe("remote is down");
  });
});

describe("abort", () => {
  test("an aborted run does not begin", async () => {
    let began = false;
    const block = blockOf(async function* () {
      began = true;
      yield ["out", 1];
    });
    const { ctx, abort } = testContext();
    abort(new Error("cancelled"));
    expect(await run(block, { n: 1 }, { ctx })).toEqual({ outputs: [], code: "aborted", message: "cancelled" });
    expect(began).toBe(false);
  });

  test("what is yielded after the abort is dropped", async () => {
    const { ctx, abort } = testContext();
    const block = blockOf(async function* () {
      yield ["out", 1];
      abort(new Error("cancelled"));
      yield ["out", 2];
    });
    expect(await run(block, { n: 1 }, { ctx })).toEqual({
      outputs: [["out", 1]],
      code: "aborted",
      message: "cancelled",
    });
  });

  test("a block that hangs is left", async () => {
    const { ctx, abort } = testContext();
    const block = blockOf(async function* () {
      yield ["out", 1];
      queueMicrotask(() => abort(new BlockError("timeout", "The block took too long.")));
      await new Promise(() => undefined);
    });
    expect(await run(block, { n: 1 }, { ctx })).toEqual({
      outputs: [["out", 1]],
      code: "timeout",
      message: "The block took too long.",
    });
  });

  test("a caller that stops early ends the block", async () => {
    let cleaned = false;
    const block = blockOf(async function* () {
      try {
        yield ["out", 1];
        yield ["out", 2];
      } finally {
        cleaned = true;
      }
    });
    for await (const _ of runBlock(block, { input_default: {}, data: { n: 1 } }, testContext().ctx)) {
      break;
    }
    expect(cleaned).toBe(true);
  });
});

describe("waiting", () => {
  const waits: TestBlockRun<object> = async function* () {
    yield* [];
    throw new Suspension({ kind: "timer", until: 1, state: null, payload: null });
  };
  const thrown = async (more: Parameters<typeof testBlock>[1]): Promise<unknown> => {
    const outputs = runBlock(testBlock(waits, more), { input_default: {}, data: {} }, testContext().ctx);
    return outputs.next().then(undefined, (error: unknown) => error);
  };

  test("is passed on from blocks that say that they may wait, and from those that dry runs leave out", async () => {
    expect(await thrown({ waits: true })).toBeInstanceOf(Suspension);
    expect(await thrown({ effects: "idempotent" })).toBeInstanceOf(Suspension);
  });

  test("is a failure of a pure block that does not say so: a dry run would wait", async () => {
    expect(await thrown({})).toMatchObject({ code: "block_failed", message: expect.stringContaining("waits: true") });
  });
});
