import { containsValue, equalValues, isNumeric, kindOf, orderValues } from "./compare-values.ts";
import { formatPercent } from "./percent-format.ts";
import { pythonText } from "./python-text.ts";
import type { RenderBudget } from "./render-budget.ts";
import {
  fromPlain,
  isFloat,
  isList,
  isText,
  isTuple,
  listValue,
  numberValue,
  type Plain,
  type RuntimeValue,
  textValue,
  toPlain,
  tupleValue,
} from "./runtime-values.ts";
import { templateFailed, templateTooCostly } from "./template-error.ts";

/** Longest text or list that `*` may build, as in AutoGPT (autogpt.md §5). */
const MAX_REPEAT = 10_000;
const MAX_EXPONENT = 1000;

/** Python's binary operators except `and` and `or`, which do not always evaluate both sides. */
export function applyOperator(
  operator: string,
  left: RuntimeValue,
  right: RuntimeValue,
  budget: RenderBudget,
): RuntimeValue {
  if (operator === "+" && isText(left) && isText(right)) {
    return textValue(left.value + right.value);
  }
  if (operator === "+" && isList(left) && isList(right)) {
    const items = [...left.value, ...right.value];
    return isTuple(left) && isTuple(right) ? tupleValue(items) : listValue(items);
  }
  const a = toPlain(left, budget);
  const b = toPlain(right, budget);
  if (operator === "~") {
    return textValue(printed(left, a) + printed(right, b));
  }
  if (operator === "%" && typeof a === "string") {
    return textValue(formatPercent(a, b, budget));
  }
  if (operator === "*" && typeof a === "number" && (isText(right) || isList(right))) {
    return repeat(b, a);
  }
  if (operator === "*" && typeof b === "number" && (isText(left) || isList(left))) {
    return repeat(a, b);
  }
  const truth = compare(operator, a, b, budget);
  if (truth !== undefined) {
    return fromPlain(truth);
  }
  if (isNumeric(a) && isNumeric(b)) {
    const result = calculate(operator, Number(a), Number(b));
    return numberValue(result, operator === "/" || isFloat(left) || isFloat(right));
  }
  throw templateFailed(`"${operator}" does not work between ${kindOf(a)} and ${kindOf(b)}.`);
}

function printed(value: RuntimeValue, plain: Plain): string {
  return isFloat(value) ? value.toString() : pythonText(plain);
}

function compare(operator: string, a: Plain, b: Plain, budget: RenderBudget): boolean | undefined {
  switch (operator) {
    case "==":
      return equalValues(a, b);
    case "!=":
      return !equalValues(a, b);
    case "<":
      return orderValues(a, b) < 0;
    case "<=":
      return orderValues(a, b) <= 0;
    case ">":
      return orderValues(a, b) > 0;
    case ">=":
      return orderValues(a, b) >= 0;
    case "in":
      return containsValue(b, a, budget);
    case "not in":
      return !containsValue(b, a, budget);
    default:
      return undefined;
  }
}

function calculate(operator: string, a: number, b: number): number {
  if (b === 0 && (operator === "/" || operator === "//" || operator === "%")) {
    throw templateFailed("division by zero.");
  }
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "//":
      return Math.floor(a / b);
    case "%":
      return a - b * Math.floor(a / b);
    case "**":
      return power(a, b);
    default:
      throw templateFailed(`the operator "${operator}" is not known.`);
  }
}

function power(base: number, exponent: number): number {
  if (Math.abs(exponent) > MAX_EXPONENT) {
    throw templateTooCostly(`an exponent may be at most ${MAX_EXPONENT}.`);
  }
  const result = base ** exponent;
  if (!Number.isFinite(result)) {
    throw templateFailed(`${base} ** ${exponent} is not a finite number.`);
  }
  return result;
}

function repeat(value: Plain, times: number): RuntimeValue {
  const count = Math.max(0, Math.trunc(times));
  const length = typeof value === "string" || Array.isArray(value) ? value.length : 0;
  if (length * count > MAX_REPEAT) {
    throw templateTooCostly(`"*" may build at most ${MAX_REPEAT} characters or elements.`);
  }
  return typeof value === "string"
    ? textValue(value.repeat(count))
    : fromPlain(Array.from({ length: count }, () => value as Plain[]).flat());
}
