import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../json.ts";
import { checkRunInputs } from "../validation/check-inputs.ts";
import { sampleMissingInputs } from "./sample-inputs.ts";

const schema: JsonSchema = {
  type: "object",
  properties: {
    text: { type: "string" },
    count: { type: "integer", minimum: 3 },
    choice: { enum: ["b", "a"] },
    day: { $ref: "#/$defs/Day" },
    free: { type: "string" },
  },
  required: ["text", "count", "choice", "day"],
  $defs: { Day: { type: "string", format: "date" } },
};

describe("sampleMissingInputs", () => {
  it("samples what is required and not given, and nothing else", () => {
    const samples = sampleMissingInputs(schema, { text: "mine", count: null });
    expect(samples).toEqual({ count: 3, choice: "b", day: "2026-01-01" });
    expect(checkRunInputs(schema, { text: "mine", ...samples }).ok).toBe(true);
  });

  it("has nothing to do for an agent without inputs", () => {
    expect(sampleMissingInputs({ type: "object" }, {})).toEqual({});
  });
});
