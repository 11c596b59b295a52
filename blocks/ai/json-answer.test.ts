import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerSchema, readAnswer } from "./json-answer.ts";

const object = { keys: { a: "first", b: "second" }, list: false };
const list = { ...object, list: true };
const good = { a: 1, b: { c: ["}"] } };

describe("readAnswer", () => {
  it.each([
    ["plain", JSON.stringify(good)],
    ["with space", `\n ${JSON.stringify(good, null, 2)}\n`],
    ["fenced", `\`\`\`json\n${JSON.stringify(good)}\n\`\`\``],
    ["after prose with brackets and quotes", `Here [as you "asked]: ${JSON.stringify(good)} Anything else?`],
    ["after another object", `{"note": 1} then ${JSON.stringify(good)}`],
    ["in a list of one", JSON.stringify([good])],
  ])("reads an object %s", (_, text) => {
    expect(readAnswer(text, object)).toEqual({ ok: true, value: good });
  });

  it.each([
    ["plain", JSON.stringify([good, good]), 2],
    ["under the key that is asked for", JSON.stringify({ items: [good, good] }), 2],
    ["under any single key", JSON.stringify({ results: [good], count: 1 }), 1],
    ["of one, without a list", JSON.stringify(good), 1],
    ["that is empty", '{"items": []}', 0],
    ["in prose", `The list: ${JSON.stringify([good])}.`, 1],
  ])("reads a list %s", (_, text, length) => {
    const read = readAnswer(text, list);
    expect(read).toEqual({ ok: true, value: Array.from({ length }, () => good) });
  });

  it.each([
    ["Paris, I think.", "no complete JSON value"],
    ['{"a": 1, "b": ', "no complete JSON value"],
    ["", "no complete JSON value"],
    ["null", "no complete JSON value"],
    ["42", "no complete JSON value"],
    ['{"a": 1}', 'These keys are missing: "b".'],
    ["{}", 'These keys are missing: "a", "b".'],
    ["[1, 2]", "It is not an object."],
    [JSON.stringify([good, good]), "It is not an object."],
  ])("finds what is wrong with %s", (text, problem) => {
    expect(readAnswer(text, object)).toEqual({ ok: false, problem: expect.stringContaining(problem) as string });
  });

  it.each([
    ['{"items": [{"a": 1, "b": 2}, {"a": 1}]}', 'Item 2 of the list: These keys are missing: "b".'],
    ["[1]", "Item 1 of the list: It is not an object."],
    ['{"x": [], "y": []}', "It is not a list"],
    ['{"a": 1}', "It is not a list"],
  ])("finds what is wrong with the list %s", (text, problem) => {
    expect(readAnswer(text, list)).toEqual({ ok: false, problem: expect.stringContaining(problem) as string });
  });

  it("keeps and asks for keys of any name", () => {
    const keys = JSON.parse('{"__proto__": "p", "constructor": "c", "toString": "t"}') as Record<string, string>;
    expect(readAnswer("{}", { keys, list: false })).toMatchObject({ ok: false });
    const text = '{"__proto__": {"polluted": 1}, "constructor": 2, "toString": 3}';
    const read = readAnswer(text, { keys, list: false });
    expect(read.ok && JSON.stringify(read.value)).toBe(JSON.stringify(JSON.parse(text)));
    expect(Object.keys(answerSchema({ keys, list: false }).properties ?? {})).toEqual([
      "__proto__",
      "constructor",
      "toString",
    ]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("finds the object in any prose around it", () => {
    const prose = fc.string().map((text) => text.replace(/[{}[\]"\\]/g, ""));
    fc.assert(
      fc.property(prose, fc.json(), prose, (before, json, after) => {
        const value = JSON.stringify({ a: JSON.parse(json) as unknown, b: null });
        expect(readAnswer(before + value + after, object)).toEqual({ ok: true, value: JSON.parse(value) as unknown });
      }),
      { seed: 31_337, numRuns: 500, verbose: 1 },
    );
  });

  it("never throws and stays quick", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("{", "}", "[", "]", '"', "\\", ",", ":", "a", "1", " ") }),
        (text) => {
          expect(typeof readAnswer(text, list).ok).toBe("boolean");
        },
      ),
      { seed: 31_338, numRuns: 1000, verbose: 1 },
    );
    for (const text of ["{".repeat(200_000), "[]".repeat(200_000), "{x}".repeat(100_000), '"{'.repeat(200_000)]) {
      expect(readAnswer(text, object).ok).toBe(false);
    }
  });
});
