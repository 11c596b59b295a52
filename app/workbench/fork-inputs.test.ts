import { describe, expect, it } from "vitest";
import type { DrawnNode } from "#app/graph-view/drawing.ts";
import { changedInputs, forkPins } from "./fork-inputs.ts";

const sha256 = "0123456789abcdef".repeat(4);
const url = `/api/v1/executions/${"a".repeat(36)}/values/${sha256}`;
const large = { $value: { sha256, size: 300_000, type: "string", preview: '"x', url } };
const node: Pick<DrawnNode, "private_pins" | "defaults" | "ui_type"> = {
  private_pins: [],
  defaults: {},
  ui_type: "Standard",
};

describe("what a person may change of a node execution", () => {
  it("is what came to it, and what the agent says where nothing came", () => {
    expect(forkPins({ ...node, defaults: { url: "a", method: "GET" } }, { url: "b" })).toEqual({
      inputs: [["url", "b"]],
      defaults: [["method", "GET"]],
      kept: [],
    });
  });

  it("leaves out what is large, and what is not for everybody's eyes", () => {
    const pins = forkPins(
      { ...node, private_pins: ["key", "headers", "credentials"], defaults: { key: "••••", credentials: null } },
      { body: large, list: [1, [large]], "headers_#_auth": "x", $value: 1, text: "" },
    );
    expect(pins).toEqual({
      inputs: [
        ["$value", 1],
        ["text", ""],
      ],
      defaults: [],
      kept: ["body", "list", "headers_#_auth", "key"],
    });
  });

  it("is the value alone of an input, not how it is asked for", () => {
    const input = { ...node, defaults: { name: "guests", value: "nobody" }, ui_type: "Input" as const };
    expect(forkPins(input, { value: "Ada" })).toEqual({ inputs: [["value", "Ada"]], defaults: [], kept: [] });
  });
});

describe("what is sent", () => {
  const pins = {
    inputs: [
      ["a", "1"],
      ["b", { c: 1 }],
    ],
    defaults: [["d", 2]],
    kept: [],
  } satisfies Parameters<typeof changedInputs>[0];
  const json = (text: string) => ({ text, mode: "json" as const });

  it("is nothing where nobody has changed anything, or back again", () => {
    expect(changedInputs(pins, new Map())).toEqual({});
    expect(changedInputs(pins, new Map([["b", json('{ "c": 1.0 }')]]))).toEqual({});
    expect(changedInputs(pins, new Map([["a", { text: "1", mode: "text" as const }]]))).toEqual({});
  });

  it("is each pin that has another value, null and another type included", () => {
    const drafts = new Map([
      ["a", json("1")],
      ["b", json('{ "c": 1 }')],
      ["d", json("null")],
    ]);
    expect(changedInputs(pins, drafts)).toEqual({ a: 1, d: null });
  });

  it("is not told while something is no JSON, nor of pins that are none", () => {
    expect(changedInputs(pins, new Map([["b", json("{")]]))).toBeNull();
    expect(changedInputs(pins, new Map([["z", json("{")]]))).toEqual({});
  });

  it("keeps a pin that names the prototype a pin", () => {
    const named = { inputs: [["__proto__", 1]], defaults: [], kept: [] } satisfies Parameters<typeof changedInputs>[0];
    const changed = changedInputs(named, new Map([["__proto__", json('{"polluted": 1}')]]));
    expect(JSON.stringify(changed)).toBe('{"__proto__":{"polluted":1}}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
