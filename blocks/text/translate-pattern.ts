import { BlockError } from "../define-block.ts";

export interface TranslatedPattern {
  pattern: string;
  /** There is a `$` outside of classes. */
  hasDollar: boolean;
}

/** What Python's classes hold, written for RE2, whose own know ASCII only. Inside `[…]` the brackets are left off. */
const CLASSES: Readonly<Record<string, string>> = {
  w: "\\p{L}\\p{N}_",
  d: "\\p{Nd}",
  s: "\\t-\\r\\x1c-\\x20\\x85\\p{Z}",
  W: "\\p{M}\\p{S}\\p{Z}\\p{C}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}\\x{203f}\\x{2040}\\x{2054}\\x{fe33}\\x{fe34}\\x{fe4d}-\\x{fe4f}\\x{ff3f}",
  D: "\\P{Nd}",
  S: "\\x00-\\x08\\x0e-\\x1b\\x21-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{10ffff}",
};

/** Constructs of Python that linear time rules out, by how they begin. */
const REFUSED: readonly [start: string, name: string][] = [
  ["(?=", "look-ahead (?=…)"],
  ["(?!", "negative look-ahead (?!…)"],
  ["(?P=", "the back-reference (?P=…)"],
  ["(?(", "a conditional (?(…)…)"],
  ["(?>", "an atomic group (?>…)"],
];

/**
 * Rewrites a pattern of Python's `re` for RE2.
 * @throws BlockError `unsupported_pattern` for what RE2 cannot do, `invalid_pattern` for what is no pattern
 */
export function translatePattern(source: string): TranslatedPattern {
  return new Translator(source).translate();
}

class Translator {
  readonly #source: string;
  #at = 0;
  #out = "";
  #hasDollar = false;

  constructor(source: string) {
    this.#source = source;
  }

  translate(): TranslatedPattern {
    while (this.#at < this.#source.length) {
      this.#next();
    }
    return { pattern: this.#out, hasDollar: this.#hasDollar };
  }

  #next(): void {
    const char = this.#source.charAt(this.#at);
    if (char === "\\") {
      this.#out += this.#escape(false);
    } else if (char === "[") {
      this.#class();
    } else if (char === "(" && this.#source.startsWith("(?", this.#at)) {
      this.#extension();
    } else if (/^[*+?}]\+/.test(this.#source.slice(this.#at, this.#at + 2))) {
      throw unsupported(`a possessive repeat (${char}+)`);
    } else {
      const least = /^\{,(\d+)\}/.exec(this.#source.slice(this.#at, this.#at + 12));
      this.#hasDollar ||= char === "$";
      this.#out += least ? `{0,${least[1]}}` : char;
      this.#at += least ? least[0].length : 1;
    }
  }

  #extension(): void {
    for (const [start, name] of REFUSED) {
      if (this.#source.startsWith(start, this.#at)) {
        throw unsupported(name);
      }
    }
    if (this.#source.startsWith("(?#", this.#at)) {
      const end = this.#source.indexOf(")", this.#at);
      this.#at = end === -1 ? this.#source.length : end + 1;
      return;
    }
    const flags = /^\(\?([a-zA-Z]*)(-[a-z]+)?([):])/.exec(this.#source.slice(this.#at, this.#at + 30));
    if (!flags) {
      this.#out += "(?";
      this.#at += 2;
      return;
    }
    const [all, on = "", off = "", end = ""] = flags;
    if (/[xaL]/.test(on)) {
      throw unsupported(`the flag "${/[xaL]/.exec(on)?.[0]}"`);
    }
    const kept = on.replaceAll("u", "") + off;
    this.#out += kept === "" && end === ")" ? "" : `(?${kept}${end}`;
    this.#at += all.length;
  }

  /** `[…]`: RE2 would read `[:alpha:]` and escapes for classes of its own. */
  #class(): void {
    this.#out += "[";
    this.#at += 1;
    if (this.#source.charAt(this.#at) === "^") {
      this.#out += "^";
      this.#at += 1;
    }
    for (let first = true; this.#at < this.#source.length; first = false) {
      const char = this.#source.charAt(this.#at);
      if (char === "\\") {
        this.#out += this.#escape(true);
        continue;
      }
      this.#at += 1;
      if (char === "]" && !first) {
        this.#out += "]";
        return;
      }
      this.#out += char === "[" || char === "]" ? `\\${char}` : char;
    }
    throw new BlockError("invalid_pattern", "The pattern is not valid: a [ is never closed.");
  }

  #escape(inClass: boolean): string {
    const char = this.#source.charAt(this.#at + 1);
    const unicode = /^\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(this.#source.slice(this.#at, this.#at + 10));
    if (unicode) {
      this.#at += unicode[0].length;
      return `\\x{${unicode[1] ?? unicode[2]}}`;
    }
    if (/[1-9]/.test(char) && !inClass && !/^\\[1-3][0-7]{2}/.test(this.#source.slice(this.#at, this.#at + 4))) {
      throw unsupported(`the back-reference \\${char}`);
    }
    this.#at += 2;
    const members = Object.hasOwn(CLASSES, char) ? CLASSES[char] : undefined;
    if (members !== undefined) {
      return inClass ? members : `[${members}]`;
    }
    if (char === "Z" && !inClass) {
      return "\\z";
    }
    return char === "b" && inClass ? "\\x08" : `\\${char}`;
  }
}

function unsupported(what: string): BlockError {
  return new BlockError(
    "unsupported_pattern",
    `The pattern uses ${what}, which is not supported, because such patterns can run for hours. Write it without.`,
  );
}
