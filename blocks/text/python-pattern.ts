import { RE2JS, RE2JSException } from "re2js";
import { BlockError } from "../define-block.ts";
import { translatePattern } from "./translate-pattern.ts";

export interface PatternFlags {
  caseSensitive: boolean;
  dotAll: boolean;
}

export interface PatternMatch {
  /** `match[0]` is the whole match; a group that took no part is null. */
  groups: (string | null)[];
}

/** Longest pattern, characters; largest compiled pattern, instructions, and a bound on it before. They bound the time per character. */
const MAX_PATTERN = 5_000;
const MAX_PROGRAM = 50_000;
const MAX_EXPANSION = 500_000;
/** Most steps of one search at worst, instructions × characters: some seconds. */
const MAX_STEPS = 100_000_000;
/** RE2 refuses patterns whose nested counts multiply to more. */
const MAX_REPEAT = 1_000;

/**
 * A regular expression in Python's syntax that runs in time linear in the text, whatever the pattern (RE2). Differences from
 * Python's `re`: look-ahead, back-references, conditionals, atomic groups, possessive repeats and verbose mode are refused, look-behind
 * may hold no groups, repeats go up to 1,000, and `\b` knows ASCII words only. `\w`, `\d` and `\s` know all scripts, as in Python.
 */
export class PythonPattern {
  readonly #pattern: RE2JS;
  readonly #endsAtNewline: boolean;
  readonly groupCount: number;

  /** @throws BlockError `invalid_pattern` or `unsupported_pattern` */
  constructor(source: string, flags: PatternFlags) {
    if (source.length > MAX_PATTERN) {
      throw new BlockError("invalid_pattern", `The pattern has more than ${MAX_PATTERN} characters.`);
    }
    if (source.length * repeatsOf(source) > MAX_EXPANSION) {
      throw tooLarge();
    }
    const { pattern, hasDollar } = translatePattern(source);
    this.#endsAtNewline = hasDollar;
    this.#pattern = compile(pattern, flags);
    this.groupCount = this.#pattern.groupCount();
  }

  /** Steps that one search of a text of `length` characters takes at worst. */
  stepsFor(length: number): number {
    return this.#pattern.programSize() * length;
  }

  /** The first match, as `re.search`. @throws BlockError `pattern_too_slow` */
  search(text: string): PatternMatch | undefined {
    const [first] = this.searchAll(text);
    return first;
  }

  /** All matches that do not overlap, in order, as `re.finditer`. @throws BlockError `pattern_too_slow` */
  *searchAll(text: string): Generator<PatternMatch, void, undefined> {
    if (this.stepsFor(text.length) > MAX_STEPS) {
      throw new BlockError(
        "pattern_too_slow",
        "The pattern is too large for a text of this length. Shorten one of them.",
      );
    }
    let found = false;
    for (const match of this.#pattern.matchAll(text)) {
      found = true;
      yield { groups: Array.from(match as ArrayLike<string | undefined>, (group) => group ?? null) };
    }
    // Python's `$` also matches before a newline at the very end.
    if (!found && this.#endsAtNewline && text.endsWith("\n")) {
      const match = this.#pattern.exec(text.slice(0, -1));
      if (match !== null) {
        yield { groups: Array.from(match as ArrayLike<string | undefined>, (group) => group ?? null) };
      }
    }
  }
}

function compile(pattern: string, { caseSensitive, dotAll }: PatternFlags): RE2JS {
  const flags = (caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE) | (dotAll ? RE2JS.DOTALL : 0) | RE2JS.LOOKBEHINDS;
  try {
    const compiled = RE2JS.compile(pattern, flags);
    if (compiled.programSize() > MAX_PROGRAM) {
      throw tooLarge();
    }
    return compiled;
  } catch (error) {
    if (error instanceof RE2JSException) {
      throw new BlockError("invalid_pattern", `The pattern is not valid: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** At most how often counts such as `{20}` or `{2,5}` repeat anything. */
function repeatsOf(source: string): number {
  let repeats = 1;
  for (const [, least = "", most = ""] of source.matchAll(/\{(\d{0,4})(?:,(\d{0,4}))?\}/g)) {
    repeats = Math.min(MAX_REPEAT, repeats * Math.max(1, Number(least), Number(most)));
  }
  return repeats;
}

function tooLarge(): BlockError {
  return new BlockError("unsupported_pattern", "The pattern is too large: it repeats long parts too often.");
}
