import { describe, expect, it } from "vitest";
import type { JsonSchema } from "#graph/json.ts";
import { toFormSchema } from "./form-schema.ts";

const one = (property: JsonSchema) => {
  const { schema, widgets } = toFormSchema({ type: "object", properties: { x: property } });
  return { widget: widgets["x"], schema: schema.properties?.["x"] };
};

describe("toFormSchema", () => {
  it.each<[string, JsonSchema, string]>([
    ["a text", { type: "string" }, "text"],
    ["a short text", { type: "string", format: "short-text" }, "text"],
    ["a long text", { type: "string", format: "long-text" }, "textarea"],
    ["a date", { type: "string", format: "date" }, "date"],
    ["a time", { type: "string", format: "time" }, "time"],
    ["a file", { type: "string", format: "file" }, "file"],
    ["a secret", { type: "string", secret: true }, "password"],
    ["a choice", { type: "string", enum: ["a", "b"] }, "default"],
    ["a number", { type: "integer" }, "default"],
    ["a switch", { type: "boolean" }, "default"],
    ["a table", { type: "array", items: { type: "object", properties: { a: { type: "string" } } } }, "default"],
    ["a list of whatever", { type: "array" }, "json"],
    ["an object of whatever", { type: "object" }, "json"],
    ["anything", {}, "any"],
    ["one of several", { anyOf: [{ type: "string" }, { type: "number" }] }, "any"],
  ])("asks for %s with the field that fits", (_, property, widget) => {
    expect(one(property).widget).toBe(widget);
  });

  it.each<[string, JsonSchema]>([
    ["anyOf", { anyOf: [{ type: "string", format: "long-text" }, { type: "null" }], title: "T" }],
    ["a list of types", { type: ["string", "null"], format: "long-text", title: "T" }],
  ])("takes `X or null` for X (%s)", (_, property) => {
    expect(one(property)).toEqual({ widget: "textarea", schema: { type: "string", title: "T" } });
  });

  it("follows references into the schema's own definitions", () => {
    const { widgets } = toFormSchema({
      type: "object",
      properties: { x: { $ref: "#/$defs/Tone" } },
      $defs: { Tone: { type: "string", enum: ["dear", "hey"] } },
    });
    expect(widgets["x"]).toBe("default");
  });

  it("lets advanced inputs wait, unless they must be given", () => {
    const { advanced } = toFormSchema({
      type: "object",
      properties: { a: { type: "string", advanced: true }, b: { type: "string", advanced: true } },
      required: ["b"],
    });
    expect(advanced).toEqual(["a"]);
  });

  it("keeps what people read and what is filled in", () => {
    expect(one({ title: "T", description: "D", default: 3, advanced: false, secret: false }).schema).toEqual({
      title: "T",
      description: "D",
      default: 3,
    });
  });
});
