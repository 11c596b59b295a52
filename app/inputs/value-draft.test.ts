import { describe, expect, it } from "vitest";
import type { JsonValue } from "#graph/json.ts";
import { editOf, fromEditorText, modeFor, newValueDraft, switchMode, toEditorText } from "./value-draft.ts";

describe("the editor's text", () => {
  it("gives back what it was made of", () => {
    const values: JsonValue[] = ["", "12", "line\nline", 12, null, false, [1, "2"], { a: { b: [] } }];
    for (const value of values) {
      const mode = modeFor(value);
      expect(fromEditorText({ text: toEditorText(value, mode), mode })).toEqual({ ok: true, value });
      expect(fromEditorText({ text: toEditorText(value, "json"), mode: "json" })).toEqual({ ok: true, value });
    }
  });

  it("keeps a key that names the prototype as data", () => {
    const edited = fromEditorText({ text: '{"__proto__": {"polluted": 1}}', mode: "json" });
    expect(edited.ok && JSON.stringify(edited.value)).toBe('{"__proto__":{"polluted":1}}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("says what is wrong with unfinished JSON", () => {
    expect(fromEditorText({ text: '{"a": ', mode: "json" })).toMatchObject({ ok: false });
    expect(fromEditorText({ text: "", mode: "json" })).toMatchObject({ ok: false });
    expect(fromEditorText({ text: "", mode: "text" })).toEqual({ ok: true, value: "" });
  });

  it("can turn text into another value, and back while it is text", () => {
    const json = switchMode(newValueDraft("12"), "json");
    expect(json).toEqual({ text: '"12"', mode: "json" });
    expect(editOf("12", json)).toEqual({});
    expect(editOf("12", { ...json, text: "12" })).toEqual({ value: 12 });
    expect(switchMode(json, "text").text).toBe("12");
    expect(switchMode({ ...json, text: "{" }, "text").text).toBe("{");
  });

  it("differs from the value only when it means another one", () => {
    const first = { to: "Ada", n: 1 };
    const draft = newValueDraft(first);
    expect(editOf(first, draft)).toEqual({});
    expect(editOf(first, { ...draft, text: '{"n":1,"to":"Ada"}' })).toEqual({});
    expect(editOf(first, { ...draft, text: "null" })).toEqual({ value: null });
    expect(editOf(first, { ...draft, text: "{" })).toHaveProperty("problem");
  });
});
