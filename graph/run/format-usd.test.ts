import { expect, it } from "vitest";
import { formatUsd } from "./format-usd.ts";

it.each([
  [0, "$0.00"],
  [0.000_000_001, "<$0.000001"],
  [0.000_012_3, "$0.000012"],
  [0.0001, "$0.0001"],
  [0.003_44, "$0.0034"],
  [0.019_9, "$0.02"],
  [0.5, "$0.50"],
  [0.994, "$0.99"],
  [12.3, "$12.30"],
  [1234.567, "$1,234.57"],
])("%d is %s", (dollars, text) => {
  expect(formatUsd(dollars, "en")).toBe(text);
});

it("says dollars in every language of the pages", () => {
  expect(formatUsd(0.003_44, "en-GB")).toBe("$0.0034");
  expect(formatUsd(0.003_44, "zh-CN")).toBe("$0.0034");
});
