import { describe, expect, it } from "vitest";
import { createFormValidator } from "./form-validator.ts";

const validator = createFormValidator("Please fill this in.");
const schema = {
  type: "object" as const,
  properties: {
    name: { type: "string" as const },
    rows: {
      type: "array" as const,
      items: { type: "object" as const, properties: { n: { type: "number" as const } } },
    },
  },
  required: ["name"],
};

describe("createFormValidator", () => {
  it("finds nothing wrong with good inputs", () => {
    const { errors } = validator.validateFormData({ name: "Ada", rows: [{ n: 1 }] }, schema);
    expect(errors).toEqual([]);
    expect(validator.isValid(schema, { name: "Ada" }, schema)).toBe(true);
  });

  it("puts each error at its field, in the reader's language where it is the usual one", () => {
    const { errorSchema } = validator.validateFormData({ rows: [{ n: 1 }, { n: "two" }] }, schema);
    expect(errorSchema).toMatchObject({
      name: { __errors: ["Please fill this in."] },
      rows: { 1: { n: { __errors: [expect.stringMatching(/^Must be a number/)] } } },
    });
  });

  it("takes an emptied field for a missing one", () => {
    const emptied: Record<string, never> = {};
    Object.assign(emptied, { name: undefined });
    expect(validator.validateFormData(emptied, schema).errors).toHaveLength(1);
    expect(validator.validateFormData(undefined, schema).errors).toHaveLength(1);
  });
});
