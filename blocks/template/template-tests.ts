import { containsValue, equalValues, isNumeric, isTruthy, kindOf, orderValues } from "./compare-values.ts";
import type { RenderBudget } from "./render-budget.ts";
import type { Plain } from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";

type TemplateTest = (value: Plain, argument: Plain, budget: RenderBudget) => boolean;

const TESTS: ReadonlyMap<string, TemplateTest> = new Map<string, TemplateTest>([
  ["defined", (value) => value !== undefined],
  ["undefined", (value) => value === undefined],
  ["none", (value) => value === null],
  ["string", (value) => typeof value === "string"],
  ["number", (value) => isNumeric(value)],
  ["integer", (value) => typeof value === "number" && Number.isInteger(value)],
  ["float", (value) => typeof value === "number" && !Number.isInteger(value)],
  ["callable", () => false],
  ["sameas", (value, other) => value === other],
  ["boolean", (value) => typeof value === "boolean"],
  ["true", (value) => value === true],
  ["false", (value) => value === false],
  ["mapping", (value) => value instanceof Map],
  ["sequence", (value) => Array.isArray(value) || value instanceof Map || typeof value === "string"],
  ["iterable", (value) => Array.isArray(value) || value instanceof Map || typeof value === "string"],
  ["odd", (value) => Math.abs(numeric(value) % 2) === 1],
  ["even", (value) => numeric(value) % 2 === 0],
  ["divisibleby", (value, by) => numeric(value) % numeric(by) === 0],
  ["lower", (value) => typeof value === "string" && value === value.toLowerCase()],
  ["upper", (value) => typeof value === "string" && value === value.toUpperCase()],
  ["equalto", equalValues],
  ["eq", equalValues],
  ["==", equalValues],
  ["ne", (value, other) => !equalValues(value, other)],
  ["!=", (value, other) => !equalValues(value, other)],
  ["lt", (value, other) => orderValues(value, other) < 0],
  ["lessthan", (value, other) => orderValues(value, other) < 0],
  ["<", (value, other) => orderValues(value, other) < 0],
  ["le", (value, other) => orderValues(value, other) <= 0],
  ["<=", (value, other) => orderValues(value, other) <= 0],
  ["gt", (value, other) => orderValues(value, other) > 0],
  ["greaterthan", (value, other) => orderValues(value, other) > 0],
  [">", (value, other) => orderValues(value, other) > 0],
  ["ge", (value, other) => orderValues(value, other) >= 0],
  [">=", (value, other) => orderValues(value, other) >= 0],
  ["in", (value, container, budget) => containsValue(container, value, budget)],
]);

/**
 * Jinja's `value is name`.
 * @throws BlockError `template_failed` when there is no such test
 */
export function runTest(name: string, value: Plain, argument: Plain, budget: RenderBudget): boolean {
  const test = TESTS.get(name);
  if (!test) {
    throw templateFailed(`there is no test named "${name}".`);
  }
  return test(value, argument, budget);
}

/** The test that `select` and its relatives use when none is named. */
export function matches(value: Plain, test: Plain, argument: Plain, budget: RenderBudget): boolean {
  return test === undefined ? isTruthy(value) : runTest(String(test), value, argument, budget);
}

function numeric(value: Plain): number {
  if (!isNumeric(value)) {
    throw templateFailed(`${kindOf(value)} is not a number.`);
  }
  return Number(value);
}
