import { describe, expect, it } from "vitest";
import { canonicalJson, fingerprintOf, flowKeyValues } from "./admission-key.ts";

describe("what a request asks for", () => {
  it("is the same whatever the order of keys, and another for anything else", () => {
    expect(canonicalJson({ b: [1, { d: null, c: "x" }], a: true })).toBe('{"a":true,"b":[1,{"c":"x","d":null}]}');
    const prints = [
      { a: 1 },
      { a: "1" },
      { a: [1] },
      { a: null },
      {},
      { a: { "0": 1 } },
      JSON.parse('{"__proto__":1}'),
    ].map(fingerprintOf);
    expect(new Set(prints).size).toBe(prints.length);
  });
});

describe("the values of flow keys", () => {
  it("are hashes of inputs, one for each setting that has a key", () => {
    const flow = {
      concurrency: { limit: 1, key: "inputs.customer" },
      throttle: { limit: 1, period_seconds: 1, key: "inputs.customer" },
      singleton: { mode: "skip", key: "inputs.missing" },
      debounce: { seconds: 1 },
    } as const;
    const [a, b] = [flowKeyValues(flow, { customer: "a" }), flowKeyValues(flow, { customer: "b" })];
    expect(Object.keys(a).toSorted()).toEqual(["concurrency", "singleton", "throttle"]);
    expect(a.concurrency).toMatch(/^[0-9a-f]{32}$/);
    expect(a.concurrency).not.toBe(b.concurrency);
    expect(a.throttle).not.toBe(b.throttle);
    expect(a.singleton).toBe(b.singleton);
    expect(flowKeyValues(flow, { customer: { y: 1, x: 2 } })).toEqual(
      flowKeyValues(flow, { customer: { x: 2, y: 1 } }),
    );
    expect(flowKeyValues({ concurrency: { limit: 1, key: "inputs.toString" } }, {})).toEqual(
      flowKeyValues({ concurrency: { limit: 1, key: "inputs.toString" } }, { toString: null }),
    );
  });
});
