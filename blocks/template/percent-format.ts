import { isNumeric, kindOf } from "./compare-values.ts";
import { type FieldShape, numberField, sizeArgument, textField } from "./formatted-field.ts";
import { pythonRepr, pythonText } from "./python-text.ts";
import type { RenderBudget } from "./render-budget.ts";
import { type Plain, Tuple } from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";

/** `%(name)#-05.2f`: name, flags, width, precision, conversion. The text between goes to the last alternative. */
const PART = /%(?:\(([^()]*)\))?([-+ #0]*)(\d+|\*)?(?:\.(\d+|\*)?)?[hlL]?([^])|%|[^%]+/g;

/**
 * Python's `format % operand`: `%s %r %c %d %i %u %x %X %o %f %F %e %E %g %G %%` with names, flags, width and precision.
 * A tuple gives one value to each conversion, anything else is a single value, a dictionary serves `%(name)s`.
 *
 * @throws BlockError `template_failed` when format and values do not fit, `template_too_costly` for a width over 10,000
 */
export function formatPercent(format: string, operand: Plain, budget: RenderBudget): string {
  return new PercentFormat(operand, budget).run(format);
}

class PercentFormat {
  readonly #values: readonly Plain[];
  readonly #operand: Plain;
  readonly #budget: RenderBudget;
  #next = 0;

  constructor(operand: Plain, budget: RenderBudget) {
    this.#operand = operand;
    this.#values = operand instanceof Tuple ? operand : [operand];
    this.#budget = budget;
  }

  run(format: string): string {
    this.#budget.spend(format.length);
    const text = format.replace(PART, (part: string, ...found: unknown[]) => {
      const [name, flags = "", width, precision, type] = found.slice(0, 5) as (string | undefined)[];
      if (type === undefined) {
        return part === "%" ? this.#incomplete() : part;
      }
      if (type === "%") {
        return "%";
      }
      this.#budget.steps(1);
      const shape = this.#shape(flags, [width, part.includes(".") ? (precision ?? "0") : undefined], type);
      return this.#convert(name === undefined ? this.#take() : this.#named(name), shape);
    });
    const isContainer =
      this.#operand instanceof Map || (Array.isArray(this.#operand) && !(this.#operand instanceof Tuple));
    if (this.#next < this.#values.length && !isContainer) {
      throw templateFailed("there are more values than % places in the format.");
    }
    return text;
  }

  #shape(flags: string, [width, precision]: (string | undefined)[], type: string): FieldShape {
    const wide = width === "*" ? this.#size("width") : sizeArgument(width ?? "0", "width");
    const digits =
      precision === "*"
        ? this.#size("precision")
        : precision === undefined
          ? undefined
          : sizeArgument(precision, "precision");
    const isNumber = !"src".includes(type);
    const left = flags.includes("-") || wide < 0;
    const zeros = isNumber && !left && flags.includes("0");
    return {
      type,
      width: Math.abs(wide),
      precision: digits,
      sign: flags.includes("+") ? "+" : flags.includes(" ") ? " " : "",
      align: left ? "<" : zeros ? "=" : ">",
      fill: zeros ? "0" : " ",
      alternate: flags.includes("#"),
      grouping: "",
    };
  }

  #size(what: "width" | "precision"): number {
    const value = this.#take();
    if (typeof value !== "number") {
      throw templateFailed(`"*" in a format needs a number for its ${what}, and met ${kindOf(value)}.`);
    }
    return Math.sign(value) * sizeArgument(String(Math.trunc(Math.abs(value))), what);
  }

  #convert(value: Plain, shape: FieldShape): string {
    switch (shape.type) {
      case "s":
        return textField(pythonText(value), shape, this.#budget);
      case "r":
        return textField(pythonRepr(value), shape, this.#budget);
      case "c":
        return textField(characterOf(value), { ...shape, precision: undefined }, this.#budget);
      default:
        break;
    }
    if (!/[diuxXofFeEgG]/.test(shape.type)) {
      throw templateFailed(`"%${shape.type}" is not a place that a format can have; write %% for a percent sign.`);
    }
    if (!isNumeric(value)) {
      throw templateFailed(`%${shape.type} needs a number, and met ${kindOf(value)}.`);
    }
    if (/[xXo]/.test(shape.type) && !Number.isInteger(Number(value))) {
      throw templateFailed(`%${shape.type} needs a whole number.`);
    }
    return numberField(Number(value), shape, this.#budget);
  }

  #take(): Plain {
    if (this.#next >= this.#values.length) {
      throw templateFailed("there are fewer values than % places in the format.");
    }
    this.#next += 1;
    return this.#values[this.#next - 1];
  }

  #named(name: string): Plain {
    if (!(this.#operand instanceof Map)) {
      throw templateFailed(`%(${name}) needs a dictionary of values, and met ${kindOf(this.#operand)}.`);
    }
    if (!this.#operand.has(name)) {
      throw templateFailed(`the format names "${name}", and there is no such value.`);
    }
    return this.#operand.get(name);
  }

  #incomplete(): never {
    throw templateFailed("the format ends in a lone %; write %% for a percent sign.");
  }
}

/** `%c`: a character, or the number of one. */
export function characterOf(value: Plain): string {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0x10_ff_ff) {
    return String.fromCodePoint(value);
  }
  if (typeof value === "string" && Array.from(value).length === 1) {
    return value;
  }
  throw templateFailed("the format c needs one character, or its number.");
}
