import { exponentText, fixedText, generalText, integerText } from "./number-text.ts";
import type { RenderBudget } from "./render-budget.ts";
import { templateFailed, templateTooCostly } from "./template-error.ts";
import { MAX_WIDTH } from "./call-arguments.ts";

/** Most digits after the point. */
const MAX_PRECISION = 100;

const BASES: Readonly<Record<string, number>> = { d: 10, i: 10, u: 10, n: 10, x: 16, o: 8, b: 2 };

/** How one value of a format string is laid out. */
export interface FieldShape {
  /** The letter of the conversion: `d f e g x …`, in either case. */
  type: string;
  width: number;
  precision: number | undefined;
  sign: "" | "+" | " ";
  /** `=` pads between the sign and the digits. */
  align: "<" | ">" | "^" | "=";
  fill: string;
  /** Python's `#`. */
  alternate: boolean;
  /** What separates thousands. */
  grouping: string;
}

/**
 * A width or precision as a number.
 * @throws BlockError `template_too_costly` over 10,000, so that a format string cannot build a text of any size
 */
export function sizeArgument(digits: string, what: "width" | "precision"): number {
  const size = Number(digits);
  if (size > MAX_WIDTH) {
    throw templateTooCostly(`the ${what} of a format may be at most ${MAX_WIDTH}.`);
  }
  return size;
}

/** A text, cut to the precision and padded to the width. */
export function textField(text: string, shape: FieldShape, budget: RenderBudget): string {
  const cut = shape.precision === undefined ? text : Array.from(text).slice(0, shape.precision).join("");
  budget.spend(text.length);
  return pad("", cut, shape, budget);
}

/**
 * A number in the conversion `shape.type`.
 * @throws BlockError `template_failed` for a conversion that numbers do not have
 */
export function numberField(value: number, shape: FieldShape, budget: RenderBudget): string {
  const negative = value < 0 || Object.is(value, -0);
  const base = BASES[shape.type.toLowerCase()];
  const isWhole = base !== undefined && Number.isFinite(value);
  const sign = negative && !(isWhole && Math.trunc(value) === 0) ? "-" : shape.sign;
  const digits = isWhole ? integerText(value, base).padStart(precisionOf(shape, 1), "0") : decimal(value, shape);
  const prefix = isWhole && shape.alternate && base !== 10 ? `0${shape.type.toLowerCase()}` : "";
  const room = shape.align === "=" && shape.fill === "0" ? shape.width - sign.length - prefix.length : 0;
  const grouped = shape.grouping === "" ? digits : group(digits, shape.grouping, room);
  const inCase = (text: string): string => (/[A-Z]/.test(shape.type) ? text.toUpperCase() : text);
  return pad(sign + inCase(prefix), inCase(grouped), shape, budget);
}

function decimal(value: number, shape: FieldShape): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? "nan" : "inf";
  }
  const precision = precisionOf(shape, 6);
  const size = Math.abs(value);
  switch (shape.type.toLowerCase()) {
    case "f":
      return fixedText(size, precision);
    case "e":
      return exponentText(size, precision);
    case "g":
      return generalText(size, precision, shape.alternate);
    case "%":
      return `${fixedText(size * 100, precision)}%`;
    default:
      throw templateFailed(`"${shape.type}" is not a format for numbers.`);
  }
}

function precisionOf(shape: FieldShape, fallback: number): number {
  const precision = shape.precision ?? fallback;
  if (precision > MAX_PRECISION) {
    throw templateTooCostly(`a number may be printed with at most ${MAX_PRECISION} digits of precision.`);
  }
  return precision;
}

/** Separates thousands; zeros in front that fill `room` are separated too. */
function group(digits: string, separator: string, room: number): string {
  const whole = /^\d+/.exec(digits)?.[0] ?? "";
  const rest = digits.slice(whole.length);
  const padded = whole.padStart(Math.ceil((3 * (room - rest.length) + 1) / 4), "0");
  const start = padded.length % 3;
  const parts = padded.slice(start).match(/\d{3}/g) ?? [];
  return [...(start > 0 ? [padded.slice(0, start)] : []), ...parts].join(separator) + rest;
}

function pad(lead: string, body: string, shape: FieldShape, budget: RenderBudget): string {
  const missing = Math.max(0, shape.width - lead.length - Array.from(body).length);
  budget.spend(lead.length + body.length + missing);
  if (shape.align === "=") {
    return lead + shape.fill.repeat(missing) + body;
  }
  const before = shape.align === ">" ? missing : shape.align === "^" ? Math.floor(missing / 2) : 0;
  return shape.fill.repeat(before) + lead + body + shape.fill.repeat(missing - before);
}
