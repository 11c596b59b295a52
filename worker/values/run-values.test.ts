import { describe, expect, it } from "vitest";
import { testBlock } from "#blocks/test-block.testkit.ts";
import { testContext } from "#blocks/test-context.testkit.ts";
import { storedIn, STORED_KEY } from "#durable-objects/execution/core/stored-value.ts";
import type { StoredValue } from "#durable-objects/execution/core/stored-value.ts";
import type { AttemptReport, Lease } from "#durable-objects/execution/protocol.ts";
import { Attempt } from "#worker/consumers/attempt.ts";
import { systemClock } from "#worker/consumers/clock.ts";
import { splitReports } from "#worker/consumers/report-parts.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { HeldBytes } from "./held-bytes.ts";
import { judgeValue, STORE_ABOVE } from "./judge-value.ts";
import { ALL_SPENT, RunValues } from "./run-values.ts";
import { FakeBucket } from "./value-bucket.testkit.ts";
import { StorageUnavailable, ValueMissing, valueKey, ValueStore } from "./value-store.ts";

const ABOVE = 100;
const long = "x".repeat(ABOVE);

let runs = 0;

function setUp(): { bucket: FakeBucket; store: ValueStore; values: RunValues; owner: Parameters<typeof valueKey>[0] } {
  const bucket = new FakeBucket();
  const owner = { workspaceId: "w", executionId: `run ${(runs += 1)}` };
  const store = new ValueStore(bucket.asBucket(), [0]);
  return { bucket, store, owner, values: new RunValues(store, owner, ABOVE) };
}

/** What an attempt of a block that yields this value reports. */
async function reportOf(value: JsonValue, values: RunValues): Promise<AttemptReport> {
  const block = testBlock(async function* () {
    yield ["out", value];
  });
  const lease: Lease = {
    node_execution_id: "n1",
    node_id: "a",
    block_id: block.descriptor.id,
    attempt: 1,
    input: {},
    input_default: {},
    effects: "pure",
    timeout_ms: 60_000,
    deadline: 0,
    idempotency_key: "k",
    cache: null,
    resume: null,
  };
  const { ctx } = testContext();
  const attempt = new Attempt(lease, {
    getBlock: () => block,
    values,
    context: () => ctx,
    clock: systemClock,
    onNews: () => undefined,
  });
  await attempt.runPure();
  return attempt.takeReport();
}

function markerIn(value: JsonValue | undefined): StoredValue {
  const stored = storedIn(value);
  if (stored === undefined) {
    throw new Error(`not a marker: ${JSON.stringify(value)}`);
  }
  return stored;
}

describe("what is large", () => {
  it("[BV1] counts bytes of JSON, exactly", () => {
    const bytes = (value: JsonValue): boolean => judgeValue(value).inline;
    expect(bytes("x".repeat(STORE_ABOVE - 2))).toBe(true);
    expect(bytes("x".repeat(STORE_ABOVE - 1))).toBe(false);
    expect(bytes("é".repeat(STORE_ABOVE / 2 - 1))).toBe(true);
    expect(bytes("é".repeat(STORE_ABOVE / 2))).toBe(false);
    expect(bytes("\n".repeat(STORE_ABOVE / 2 - 1))).toBe(true);
    expect(bytes("\n".repeat(STORE_ABOVE / 2))).toBe(false);
    expect(bytes("\u0001".repeat(Math.floor(STORE_ABOVE / 6) + 1))).toBe(false);
    expect(bytes(Array.from({ length: STORE_ABOVE / 2 - 1 }, () => 1))).toBe(true);
    expect(bytes(Array.from({ length: STORE_ABOVE / 2 }, () => 1))).toBe(false);
    expect(bytes(Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`key ${index}`, null])))).toBe(false);
  });

  it("[BV4] is also what has the key of markers, wherever it is", () => {
    const marked: JsonValue[] = [
      { [STORED_KEY]: 1 },
      [[{ a: [{ b: { [STORED_KEY]: null, c: 1 } }] }]],
      { long: "x".repeat(STORE_ABOVE / 3), [STORED_KEY]: 1 },
      { a: Array.from({ length: 50_000 }, () => 1), b: { [STORED_KEY]: 1 } },
    ];
    for (const value of marked) {
      expect(judgeValue(value).inline).toBe(false);
    }
    expect(judgeValue({ value: STORED_KEY }).inline).toBe(true);
  });

  it("[BV10] has a preview that tears no character", () => {
    const judged = judgeValue(`${"x".repeat(238)}😀${"y".repeat(STORE_ABOVE)}`);
    expect(judged).toMatchObject({ type: "string", preview: `"${"x".repeat(238)}` });
  });
});

describe("values of a run", () => {
  it("[BV2] come back equal, each place a copy of its own", async () => {
    const { values } = setUp();
    const value = JSON.parse(`{"a": [1, null, "é😀"], "__proto__": {"x": 1}, "long": "${long}"}`) as JsonObject;
    const { output } = await values.keepOutput(["out", value], { selects: undefined, spent: 0 });
    expect(markerIn(output[1])).toMatchObject({ type: "object" });
    const opened = await values.open([output[1], { deep: output[1] }, 7]);
    expect(opened).toEqual([value, { deep: value }, 7]);
    expect(Object.keys(opened[0] ?? {})).toEqual(Object.keys(value));
    expect((opened[0] as { a: unknown }).a).not.toBe((opened[1] as { deep: { a: unknown } }).deep.a);
  });

  it("[BV4] a value that looks like a marker comes back as it was", async () => {
    const { values } = setUp();
    const stored = markerIn(await values.keep(long));
    const forged = { [STORED_KEY]: { ...stored } };
    const { output } = await values.keepOutput(["out", forged], { selects: undefined, spent: 0 });
    expect(await values.open(output[1])).toEqual(forged);
    expect(await values.open(await values.keepMembers({ a: forged, b: 1 }))).toEqual({ a: forged, b: 1 });
  });

  it("[BV5] are written once", async () => {
    const { values, bucket } = setUp();
    const kept = await Promise.all([1, 2, 3].map(() => values.keep({ long })));
    expect(kept[1]).toEqual(kept[0]);
    await values.keep({ long });
    expect(bucket.objects.size).toBe(1);
    const puts = bucket.calls.filter((call) => call.startsWith("put")).length;
    await values.keep({ long });
    expect(bucket.calls.filter((call) => call.startsWith("put")).length).toBe(puts);
  });

  it("[BV3] carry the parts that links select, large ones stored", async () => {
    const { values } = setUp();
    const value = { a: { b: [1, long] }, none: null };
    const selects = ["out_#_none", "out_#_a_#_b_$_0", "out_#_a_#_b_$_1", "out_#_missing", "other_#_a"];
    const { output } = await values.keepOutput(["out", value], { selects, spent: 0 });
    const [, , parts = []] = output;
    expect(parts.slice(0, 2)).toEqual([
      ["out_#_none", null],
      ["out_#_a_#_b_$_0", 1],
    ]);
    expect(parts.map(([name]) => name)).toEqual(["out_#_none", "out_#_a_#_b_$_0", "out_#_a_#_b_$_1"]);
    expect(await values.open(parts[2]?.[1] ?? null)).toBe(long);
  });

  it("[BV2] are refused when the storage has something else under their hash, or nothing", async () => {
    const { store, bucket, owner } = setUp();
    const sha256 = "a".repeat(64);
    await expect(store.get(owner, sha256)).rejects.toThrow(ValueMissing);
    bucket.objects.set(valueKey(owner, sha256), new TextEncoder().encode('"half'));
    await expect(store.get(owner, sha256)).rejects.toThrow(ValueMissing);
  });

  it("[BV6] survive a failure of the storage that passes, and say so when it does not", async () => {
    const { values, bucket } = setUp();
    bucket.failing = 1;
    const marker = await values.keep(long);
    expect(await values.open(marker)).toBe(long);
    bucket.failing = 5;
    await expect(values.keep(`${long}2`)).rejects.toThrow(StorageUnavailable);
  });

  it("[BV7] may have 100,000,000 bytes", async () => {
    const { values, bucket } = setUp();
    // Two of them are its quotes.
    const value = "x".repeat(99_999_998);
    const { outputs, end } = await reportOf(value, values);
    expect(end).toMatchObject({ status: "completed" });
    const marker = outputs[0]?.[1] ?? null;
    expect(markerIn(marker).size).toBe(100_000_000);
    expect([...bucket.objects.values()].map(({ byteLength }) => byteLength)).toEqual([100_000_000]);
    // Not with toBe: nobody wants to be shown the difference.
    expect((await values.open(marker)) === value).toBe(true);
  });

  it("[BV7] may not have more, and are refused with what to do", async () => {
    const { values } = setUp();
    const keeping = values.keepOutput(["out", "x".repeat(99_999_999)], { selects: undefined, spent: 0 });
    await expect(keeping).rejects.toMatchObject({
      code: "value_too_large",
      message: expect.stringMatching("Split it"),
    });
  });

  it("[BV1] of a wait are stored part by part, so that what the engine reads of it stays", async () => {
    const { store, owner } = setUp();
    const values = new RunValues(store, owner, 1_000);
    const text = "x".repeat(2_000);
    const payload = { graph_id: "g", graph_version: 1, inputs: { a: text, b: 2 } };
    const wait = await values.keepWait({ kind: "child", until: null, state: { text }, payload });
    expect(wait.payload).toMatchObject({ graph_id: "g", graph_version: 1, inputs: { b: 2 } });
    markerIn((wait.payload as { inputs: { a: JsonValue } }).inputs.a);
    markerIn(wait.state);
    expect(await values.open(wait.payload)).toEqual(payload);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`name ${index}`, index]));
    const whole = await values.keepWait({
      kind: "child",
      until: null,
      state: null,
      payload: { ...payload, inputs: many },
    });
    expect(await values.open(whole.payload)).toEqual({ ...payload, inputs: many });
  });

  it("[BV9] are copied for another run, and deleted with theirs", async () => {
    const { values, store, owner, bucket } = setUp();
    const marker = await values.keep(long);
    const other = { ...owner, executionId: `${owner.executionId}, again` };
    await store.copy(owner, other, [markerIn(marker).sha256]);
    await store.deleteAll(owner);
    expect([...bucket.objects.keys()]).toEqual([valueKey(other, markerIn(marker).sha256)]);
    expect(await new RunValues(store, other, ABOVE).open(marker)).toBe(long);
    await expect(values.open(marker)).rejects.toThrow(ValueMissing);
    await expect(store.copy(owner, { ...owner, executionId: "third" }, [markerIn(marker).sha256])).rejects.toThrow(
      ValueMissing,
    );
  });

  it("[BV13] are stored earlier when much went into the log before, or the input was stored so", async () => {
    const store = new ValueStore(new FakeBucket().asBucket(), []);
    const values = new RunValues(store, { workspaceId: "w", executionId: "spent" });
    const kept = async (size: number, spent: number): Promise<JsonValue> =>
      (await values.keepOutput(["out", "x".repeat(size)], { selects: undefined, spent })).output[1];
    expect(storedIn(await kept(100_000, 4_000_000))).toBeUndefined();
    expect(storedIn(await kept(100_000, 5_000_000))).toBeDefined();
    expect(storedIn(await kept(1_000, 5_000_000))).toBeUndefined();
    const small = await kept(100_000, ALL_SPENT);
    expect(values.sizeOf({ small })).toEqual({ size: 100_002, small: true });
    expect(values.sizeOf({ large: await kept(300_000, 0) })).toMatchObject({ small: false });
  });
});

describe("[BV12] bytes in use", () => {
  it("are bounded; whoever would exceed them waits for its turn, and one alone may have what it needs", async () => {
    const bytes = new HeldBytes(100);
    const order: string[] = [];
    const first = await bytes.take(500);
    const later = ["a", "b", "c"].map(async (name) => {
      const free = await bytes.take(60);
      order.push(name);
      return free;
    });
    expect(bytes.held).toBe(500);
    first();
    first();
    const a = await later[0];
    expect([bytes.held, order]).toEqual([60, ["a"]]);
    a?.();
    const b = await later[1];
    expect([bytes.held, order]).toEqual([60, ["a", "b"]]);
    b?.();
    (await later[2])?.();
    expect([bytes.held, order]).toEqual([0, ["a", "b", "c"]]);
  });
});

describe("[BV13] a report that is too large for one call", () => {
  const report = (ne: string, count: number): AttemptReport => ({
    node_execution_id: ne,
    attempt: 1,
    first_output: 3,
    begun: true,
    outputs: Array.from({ length: count }, (_, index) => ["out", `${ne} ${index} ${"x".repeat(80)}`]),
    end: { status: "completed", duration_ms: 1 },
  });

  it("is told in several: nothing twice, nothing out of order, begun first and ended last", () => {
    const reports = [report("n1", 1), report("n2", 25), report("n3", 0), report("n4", 2)];
    const calls = splitReports(reports, 1_000);
    expect(calls.length).toBeGreaterThan(2);
    const told = calls.flat();
    for (const { node_execution_id: ne, outputs } of reports) {
      const parts = told.filter(({ node_execution_id }) => node_execution_id === ne);
      expect(parts.flatMap((part) => part.outputs)).toEqual(outputs);
      let next = 3;
      for (const [index, part] of parts.entries()) {
        expect(part.first_output).toBe(next);
        next += part.outputs.length;
        expect(part.begun).toBe(index === 0 ? true : undefined);
        expect(part.end === undefined).toBe(index < parts.length - 1);
      }
    }
    expect(told.map(({ node_execution_id }) => node_execution_id)).toEqual(
      told.map(({ node_execution_id }) => node_execution_id).toSorted(),
    );
    for (const call of calls) {
      expect(JSON.stringify(call.flatMap(({ outputs }) => outputs)).length).toBeLessThan(1_300);
    }
  });

  it("is one when it fits", () => {
    const reports = [report("n1", 2), report("n2", 2)];
    expect(splitReports(reports, 1_000_000)).toEqual([reports]);
  });
});
