import { isNumeric, kindOf } from "./compare-values.ts";
import { type FieldShape, numberField, sizeArgument, textField } from "./formatted-field.ts";
import { memberOf } from "./member-path.ts";
import { characterOf } from "./percent-format.ts";
import { pythonRepr, pythonText } from "./python-text.ts";
import type { Plain } from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";
import type { CallArguments } from "./call-arguments.ts";

const FIELD = /^([^.[\]!:]*)((?:\.[^.[\]!:]+|\[[^\]]*\])*)(?:!([^]?))?(?::([^]*))?$/;
const SPEC = /^(?:([^])?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u;

/**
 * Python's `format.format(…)`: `{}`, `{0}`, `{name}`, `{name.member[key]}`, `!r` and `!s`, and after a colon fill, alignment,
 * sign, `#`, zeros, width, thousands separator, precision and type (`s d n b o x X c e E f F g G %`). Members are those of the
 * data, never of its object.
 *
 * @throws BlockError `template_failed` when format and values do not fit, `template_too_costly` for a width over 10,000
 */
export function formatBraces(format: string, call: CallArguments): string {
  return new BraceFormat(call).run(format);
}

class BraceFormat {
  readonly #call: CallArguments;
  #next = 0;

  constructor(call: CallArguments) {
    this.#call = call;
  }

  run(format: string): string {
    this.#call.budget.spend(format.length);
    let text = "";
    let from = 0;
    for (let at = nextBrace(format, 0); at < format.length; at = nextBrace(format, from)) {
      text += format.slice(from, at);
      const brace = format.charAt(at);
      if (format.charAt(at + 1) === brace) {
        text += brace;
        from = at + 2;
      } else if (brace === "}") {
        throw templateFailed("the format has a lone }; write }} for a brace.");
      } else {
        const end = closingBrace(format, at);
        text += this.#field(format.slice(at + 1, end));
        from = end + 1;
      }
    }
    return text + format.slice(from);
  }

  #field(source: string): string {
    this.#call.budget.steps(1);
    const found = FIELD.exec(source);
    if (!found) {
      throw templateFailed(`"{${source}}" is not a place that a format can have.`);
    }
    const [, name = "", path = "", conversion, spec = ""] = found;
    const value = this.#value(name, path);
    const inner = spec.replace(/\{([^{}]*)\}/g, (_, field: string) => this.#field(field));
    if (conversion !== undefined && conversion !== "r" && conversion !== "s") {
      throw templateFailed(`"!${conversion}" is not known in a format; there are !r and !s.`);
    }
    const converted = conversion === undefined ? value : conversion === "r" ? pythonRepr(value) : pythonText(value);
    const text = inner === "" ? pythonText(converted) : this.#shaped(converted, inner);
    this.#call.budget.spend(text.length);
    return text;
  }

  #value(name: string, path: string): Plain {
    const { args, kwargs } = this.#call;
    const isPosition = name === "" || /^\d+$/.test(name);
    const at = name === "" ? this.#next++ : Number(name);
    if (isPosition ? at >= args.length : !kwargs.has(name)) {
      throw templateFailed(`the format has a place {${name}}, and there is no value for it.`);
    }
    let value = isPosition ? args[at] : kwargs.get(name);
    for (const part of path.matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
      const member = part[1] ?? part[2] ?? "";
      value = memberOf(value, [member]);
      if (value === undefined) {
        throw templateFailed(`the format reads "${member}" of {${name}}, and there is no such member.`);
      }
    }
    return value;
  }

  #shaped(value: Plain, spec: string): string {
    const found = SPEC.exec(spec);
    if (!found) {
      throw templateFailed(`":${spec}" is not a way to format a value.`);
    }
    const [, fill, align, sign, alternate, zero, width = "0", grouping = "", precision, type = ""] = found;
    const isNumber = isNumeric(value);
    if (!isNumber && typeof value !== "string") {
      throw templateFailed(`":${spec}" does not fit ${kindOf(value)}.`);
    }
    const shape: FieldShape = {
      type: type === "" ? defaultType(value, precision) : type,
      width: sizeArgument(width, "width"),
      precision: precision === undefined ? undefined : sizeArgument(precision, "precision"),
      sign: sign === "+" || sign === " " ? sign : "",
      align: (align as FieldShape["align"] | undefined) ?? (!isNumber ? "<" : zero ? "=" : ">"),
      fill: fill ?? (zero ? "0" : " "),
      alternate: alternate !== undefined,
      grouping,
    };
    return isNumber ? this.#number(Number(value), shape) : this.#text(String(value), shape);
  }

  #text(text: string, shape: FieldShape): string {
    if (shape.type !== "s" || shape.align === "=" || shape.sign !== "" || shape.grouping !== "") {
      throw templateFailed(
        `the format of a text may have fill, alignment, width and precision; "${shape.type}" is for numbers.`,
      );
    }
    return textField(text, shape, this.#call.budget);
  }

  #number(value: number, shape: FieldShape): string {
    if (shape.type === "c") {
      return textField(characterOf(value), shape, this.#call.budget);
    }
    if (shape.type === "r") {
      return numberAsText(value, shape, this.#call);
    }
    if (!/[dnbxXoeEfFgG%]/.test(shape.type)) {
      throw templateFailed(`"${shape.type}" is not a format for numbers.`);
    }
    if (/[dbxXo]/.test(shape.type) && (!Number.isInteger(value) || shape.precision !== undefined)) {
      throw templateFailed(`the format ${shape.type} needs a whole number and has no precision.`);
    }
    const type = shape.type === "n" ? (Number.isInteger(value) ? "d" : "g") : shape.type;
    return numberField(value, { ...shape, type }, this.#call.budget);
  }
}

/** A number without a type: whole numbers as they are, others like `g` with a precision and as short as possible without. */
function defaultType(value: Plain, precision: string | undefined): string {
  if (!isNumeric(value)) {
    return "s";
  }
  return precision !== undefined ? "g" : Number.isInteger(Number(value)) ? "d" : "r";
}

function numberAsText(value: number, shape: FieldShape, call: CallArguments): string {
  const [digits = "", power] = pythonRepr(Math.abs(value)).split("e");
  const precision = digits.split(".")[1]?.length ?? 0;
  return power === undefined
    ? numberField(value, { ...shape, type: "f", precision }, call.budget)
    : numberField(value, { ...shape, type: "e", precision }, call.budget);
}

function nextBrace(format: string, from: number): number {
  const at = format.slice(from).search(/[{}]/);
  return at === -1 ? format.length : from + at;
}

/** The brace that closes the one at `opening`; a specification may have places of its own in it. */
function closingBrace(format: string, opening: number): number {
  let depth = 0;
  for (let at = opening; at < format.length; at += 1) {
    const char = format.charAt(at);
    depth += char === "{" ? 1 : char === "}" ? -1 : 0;
    if (depth > 2) {
      throw templateFailed("places in a format may be nested only once.");
    }
    if (depth === 0) {
      return at;
    }
  }
  throw templateFailed("the format has a { that is never closed; write {{ for a brace.");
}
