import { describe, expect, it } from "vitest";
import type { JsonValue } from "#graph/json.ts";
import { editedData, isTouched, newDraft, toDecision } from "./review-draft.ts";

const ask = (data: JsonValue, editable = true) => ({ name: "Send it?", data, editable });

describe("a draft of a decision", () => {
  it("begins as what was asked, untouched", () => {
    for (const data of ["", "Dear Ada", 0, null, { a: [1] }] satisfies JsonValue[]) {
      const question = ask(data);
      const draft = newDraft(question);
      expect(editedData(question, draft)).toEqual({});
      expect(isTouched(question, draft)).toBe(false);
    }
  });

  it("gives the data only when it differs", () => {
    const question = ask({ to: "Ada", n: 1 });
    const draft = newDraft(question);
    expect(editedData(question, { ...draft, text: '{"n":1,"to":"Ada"}' })).toEqual({});
    expect(editedData(question, { ...draft, text: '{"n":2}' })).toEqual({ data: { n: 2 } });
    expect(editedData(question, { ...draft, text: "null" })).toEqual({ data: null });
    expect(editedData(question, { ...draft, text: "{" })).toHaveProperty("problem");
  });

  it("never gives data that may not be edited", () => {
    expect(editedData(ask("a", false), { ...newDraft(ask("a", false)), text: "b" })).toEqual({});
  });

  it("can turn text into another value", () => {
    const question = ask("12");
    expect(editedData(question, { ...newDraft(question), mode: "json" })).toEqual({ data: 12 });
  });
});

describe("toDecision", () => {
  const draft = { text: "", mode: "text" as const, message: "  ", approveFurther: true };

  it("leaves out a message that is none", () => {
    expect(toDecision(draft, true, {})).toEqual({ approved: true, auto_approve_future: true });
    expect(toDecision({ ...draft, message: " fine " }, true, { data: null })).toEqual({
      approved: true,
      data: null,
      message: "fine",
      auto_approve_future: true,
    });
  });

  it("approves nothing further when it rejects", () => {
    expect(toDecision(draft, false, {})).toEqual({ approved: false, auto_approve_future: false });
  });
});
