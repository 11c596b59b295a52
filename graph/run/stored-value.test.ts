import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../json.ts";
import { showsStored, shownValueOf, withStored } from "./stored-value.ts";

const sha256 = "0123456789abcdef".repeat(4);
const url = `/api/v1/executions/${"a".repeat(36)}/values/${sha256}`;
const inner: JsonObject = { sha256, size: 300_000, type: "string", preview: '"x', url };
const shown: JsonObject = { $value: inner };

describe("what is shown in place of a large value", () => {
  it("is told from values that look like it", () => {
    expect(shownValueOf(shown)).toEqual(inner);
    for (const value of [
      null,
      [],
      {},
      { $value: null },
      { $value: { ...inner, url: "javascript:alert(1)" } },
      { $value: { ...inner, url: `https://elsewhere.test${url}` } },
      { $value: { ...inner, sha256: "f".repeat(64) } },
      { $value: { ...inner, size: "1" } },
      { ...shown, more: 1 },
      Object.create({ $value: inner }) as JsonValue,
    ]) {
      expect(shownValueOf(value)).toBeUndefined();
    }
  });

  it("is found and replaced wherever it is", async () => {
    const value = { a: [1, { b: shown }], ["__proto__"]: { x: shown }, c: "text" };
    expect([showsStored(value), showsStored({ a: [1, { $value: 2 }] })]).toEqual([true, false]);
    const whole = await withStored(value, async ({ size }) => size);
    expect(whole).toEqual({ a: [1, { b: 300_000 }], ["__proto__"]: { x: 300_000 }, c: "text" });
    expect(await withStored(value, async () => undefined)).toEqual(value);
  });
});
