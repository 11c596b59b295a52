import { tokenize } from "@huggingface/jinja";
import { BlockError } from "../define-block.ts";
import { fixedText } from "./number-text.ts";
import { rewriteTag } from "./rewrite-tokens.ts";
import { invalidTemplate, templateTooCostly } from "./template-error.ts";

type Token = ReturnType<typeof tokenize>[number];

export interface ScannedTemplate {
  tokens: Token[];
  /** Names that the library's lexer cannot read (`{{ 主题 }}`), by the name that stands in for them. */
  names: Map<string, string>;
}

/** Most tokens of a template, and longest tag once its numbers are written out. */
const MAX_TOKENS = 200_000;
const MAX_TAG = 7_000_000;

const NUMBER = /0[xob][\da-f_]+|(\d[\d_]*(?:\.\d[\d_]*)?)(?:e[-+]?\d{1,4})?/iy;
const RAW = /\{%[-+]?\s*raw\s*(-?)\+?%\}/y;
const END_RAW = /\{%([-+]?)\s*endraw\s*(-?)\+?%\}/g;

/**
 * Cuts a template into text and tags, and has the library's lexer read the tags only. That keeps whitespace exactly as Jinja's
 * defaults do, adds `{% raw %}` and names in any script, and keeps long text away from the lexer's regular expressions.
 * @throws BlockError `invalid_template`, `template_too_costly` for more than 200,000 tokens
 */
export function scanTemplate(template: string): ScannedTemplate {
  return new Scanner(template.endsWith("\n") ? template.slice(0, -1) : template).scan();
}

class Scanner {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  readonly #names = new Map<string, string>();
  #position = 0;
  #text = "";
  #trimNext = false;

  constructor(source: string) {
    this.#source = source;
  }

  scan(): ScannedTemplate {
    while (this.#position < this.#source.length) {
      const start = this.#nextTag();
      this.#addText(this.#source.slice(this.#position, start));
      this.#position = start;
      if (start < this.#source.length) {
        this.#readTag();
      }
    }
    this.#flushText();
    return { tokens: this.#tokens, names: this.#names };
  }

  #nextTag(): number {
    for (let at = this.#source.indexOf("{", this.#position); at !== -1; at = this.#source.indexOf("{", at + 1)) {
      const next = this.#source.charAt(at + 1);
      if (next === "{" || next === "%" || next === "#") {
        return at;
      }
    }
    return this.#source.length;
  }

  #addText(text: string): void {
    this.#text += this.#trimNext ? text.trimStart() : text;
    this.#trimNext &&= text.trimStart() === "";
  }

  #flushText(): void {
    if (this.#text !== "") {
      this.#tokens.push({ value: this.#text, type: "Text" });
    }
    this.#text = "";
  }

  #readTag(): void {
    RAW.lastIndex = this.#position;
    const raw = RAW.exec(this.#source);
    const kind = this.#source.charAt(this.#position + 1);
    const control = this.#source.charAt(this.#position + 2);
    if (control === "-") {
      this.#text = this.#text.trimEnd();
    }
    this.#trimNext = false;
    if (raw) {
      this.#readRaw(raw);
    } else if (kind === "#") {
      this.#readComment();
    } else {
      this.#flushText();
      const opening = this.#position;
      this.#position += control === "-" || control === "+" ? 3 : 2;
      this.#readCode(kind === "{" ? "}}" : "%}", opening);
    }
  }

  #readRaw(raw: RegExpExecArray): void {
    const from = this.#position + raw[0].length;
    END_RAW.lastIndex = from;
    const end = END_RAW.exec(this.#source);
    if (!end) {
      throw invalidTemplate("{% raw %} has no {% endraw %}.");
    }
    let text = this.#source.slice(from, end.index);
    text = raw[1] === "-" ? text.trimStart() : text;
    this.#text += end[1] === "-" ? text.trimEnd() : text;
    this.#position = end.index + end[0].length;
    this.#trimNext = end[2] === "-";
  }

  #readComment(): void {
    const end = this.#source.indexOf("#}", this.#position + 2);
    if (end === -1) {
      throw invalidTemplate("a comment {# is never closed with #}.");
    }
    this.#trimNext = this.#source.charAt(end - 1) === "-";
    this.#position = end + 2;
  }

  /** Reads up to `close`, outside of strings and of `{…}` literals, and gives the lexer a cleaned copy. */
  #readCode(close: "}}" | "%}", opening: number): void {
    let code = "";
    let last = "";
    let braces = 0;
    while (this.#position < this.#source.length) {
      const char = this.#source.charAt(this.#position);
      if (braces === 0 && this.#source.startsWith(close, this.#position)) {
        this.#trimNext = code.endsWith("-");
        code = this.#trimNext || code.endsWith("+") ? code.slice(0, -1) : code;
        this.#position += 2;
        this.#pushCode(close, code);
        return;
      }
      // The copy itself is not looked at while it grows: that would lay it out anew each time.
      let part = "";
      if (char === '"' || char === "'") {
        part = this.#readString(char);
      } else if (/\s/.test(char)) {
        this.#position += 1;
        part = last === " " ? "" : " ";
      } else if (/\d/.test(char) && !/[.\w]/.test(last)) {
        part = this.#readNumber();
      } else if (/[\p{L}\p{N}_]/u.test(this.#codePoint())) {
        part = this.#readWord();
      } else {
        braces += char === "{" ? 1 : char === "}" ? -1 : 0;
        part = char;
        this.#position += 1;
      }
      code += part;
      last = part.at(-1) ?? last;
    }
    const line = this.#source.slice(0, opening).split("\n").length;
    throw invalidTemplate(`the tag opened in line ${line} is never closed with ${close}.`);
  }

  #codePoint(): string {
    return String.fromCodePoint(this.#source.codePointAt(this.#position) ?? 0);
  }

  /** A number in the digits that the library's lexer reads: `1_000`, `1e3` and `0x1f` are written out. */
  #readNumber(): string {
    NUMBER.lastIndex = this.#position;
    const [literal = "", mantissa] = NUMBER.exec(this.#source) ?? [];
    if (literal === "" || /^[\d.]+$/.test(literal)) {
      return this.#readWord();
    }
    this.#position += literal.length;
    const value = Number(literal.replaceAll("_", ""));
    if (mantissa === undefined || /^[\d_]+$/.test(literal)) {
      return String(BigInt(value));
    }
    if (value === 0 || (Math.abs(value) >= 1e-80 && Math.abs(value) <= 1e300)) {
      return fixedText(value, 100).replace(/0+$/, "0");
    }
    throw invalidTemplate(`the number ${literal} is too large or too small.`);
  }

  #readWord(): string {
    let word = "";
    for (let char = this.#codePoint(); /[\p{L}\p{N}\p{M}_]/u.test(char); char = this.#codePoint()) {
      word += char;
      this.#position += char.length;
      if (this.#position >= this.#source.length) {
        break;
      }
    }
    if (/^\w*$/.test(word)) {
      return word;
    }
    const alias = `name_in_other_script_${this.#names.size}`;
    this.#names.set(alias, word);
    return alias;
  }

  /** A string literal, whitespace escaped (the lexer's own rules are slow on long runs), unknown escapes kept as Python does. */
  #readString(mark: string): string {
    let literal = mark;
    for (this.#position += 1; this.#position < this.#source.length; this.#position += 1) {
      const char = this.#source.charAt(this.#position);
      if (char === mark) {
        this.#position += 1;
        return literal + mark;
      }
      if (char === "\\") {
        this.#position += 1;
        const escaped = this.#source.charAt(this.#position);
        literal += /[ntrbfv'"\\xu]/.test(escaped) ? `\\${escaped}` : `\\\\${escaped}`;
      } else {
        literal += /\s/.test(char) ? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}` : char;
      }
    }
    throw invalidTemplate(`a text that starts with ${mark} is never closed.`);
  }

  #pushCode(close: "}}" | "%}", code: string): void {
    const open = close === "}}" ? "{{" : "{%";
    if (code.length > MAX_TAG) {
      throw templateTooCostly(`a tag may have at most ${MAX_TAG} characters.`);
    }
    try {
      for (const token of rewriteTag(tokenize(`${open} ${code} ${close}`))) {
        this.#tokens.push(token);
      }
    } catch (error) {
      if (error instanceof BlockError) {
        throw error;
      }
      throw invalidTemplate(`${open}${code}${close}: ${error instanceof Error ? error.message : String(error)}`, error);
    }
    if (this.#tokens.length > MAX_TOKENS) {
      throw templateTooCostly(`it may have at most ${MAX_TOKENS} words and signs in its tags.`);
    }
  }
}
