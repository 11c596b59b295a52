import { describe, expect, it } from "vitest";
import type { JsonValue } from "#graph/json.ts";
import { fromEditorText, modeFor, readQuestion, toEditorText } from "./review-question.ts";

describe("readQuestion", () => {
  it("reads what a review asks", () => {
    expect(readQuestion({ name: "Send it?", data: { to: "Ada" }, editable: true })).toEqual({
      name: "Send it?",
      data: { to: "Ada" },
      editable: true,
    });
  });

  it("lets nobody edit what was not said to be editable", () => {
    expect(readQuestion({ name: "Send it?", data: null }).editable).toBe(false);
    expect(readQuestion({ name: "Send it?", data: null, editable: "yes" }).editable).toBe(false);
  });

  it("shows a payload of another shape as it is", () => {
    const payloads: JsonValue[] = ["text", null, [1], { question: "?" }];
    for (const payload of payloads) {
      expect(readQuestion(payload)).toEqual({ name: null, data: payload, editable: false });
    }
    expect(readQuestion({ name: " ", data: 1, editable: true }).name).toBeNull();
    expect(readQuestion({ name: 3, data: 1, editable: true }).name).toBeNull();
  });
});

describe("the editor's text", () => {
  it("gives back what it was made of", () => {
    const values: JsonValue[] = ["", "12", "line\nline", 12, null, false, [1, "2"], { a: { b: [] } }];
    for (const value of values) {
      const mode = modeFor(value);
      expect(fromEditorText(toEditorText(value, mode), mode)).toEqual({ ok: true, data: value });
      expect(fromEditorText(toEditorText(value, "json"), "json")).toEqual({ ok: true, data: value });
    }
  });

  it("keeps a key that names the prototype as data", () => {
    const edited = fromEditorText('{"__proto__": {"polluted": 1}}', "json");
    expect(edited.ok && JSON.stringify(edited.data)).toBe('{"__proto__":{"polluted":1}}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("says what is wrong with unfinished JSON", () => {
    expect(fromEditorText('{"a": ', "json")).toMatchObject({ ok: false });
    expect(fromEditorText("", "json")).toMatchObject({ ok: false });
    expect(fromEditorText("", "text")).toEqual({ ok: true, data: "" });
  });
});
