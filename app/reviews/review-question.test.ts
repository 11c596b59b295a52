import { describe, expect, it } from "vitest";
import type { JsonValue } from "#graph/json.ts";
import { readQuestion } from "./review-question.ts";

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
