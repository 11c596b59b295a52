import { expect, it } from "vitest";
import { inputsToStartFrom } from "./inputs-to-start-from.ts";

it("what a run had is there to run again with, but for what the page has only the beginning of", () => {
  const sha256 = "0123456789abcdef".repeat(4);
  const url = `/api/v1/executions/${"a".repeat(36)}/values/${sha256}`;
  const large = { $value: { sha256, size: 300_000, type: "string", preview: '"x', url } };
  expect(inputsToStartFrom({ a: large, b: 1, c: { $value: 2 }, d: [large] })).toEqual({ b: 1, c: { $value: 2 } });
});
