import type { tokenize } from "@huggingface/jinja";
import { invalidTemplate, templateTooCostly } from "./template-error.ts";
import { ABSENT, SCOPE_ONLY } from "./template-nodes.ts";

type Token = ReturnType<typeof tokenize>[number];

/** Filters that are tests are named so; no filter of a template can have a space in its name. */
const IS = "is ";
const IS_NOT = "is not ";

/** Tests within arguments of tests. */
const MAX_DEPTH = 100;

/** Words after a test that are not its argument. */
const NO_ARGUMENT = new Set(["else", "or", "and", "is", "if", "in", "not"]);
const OPENING = new Set(["OpenParen", "OpenSquareBracket", "OpenCurlyBracket"]);
const CLOSING = new Set(["CloseParen", "CloseSquareBracket", "CloseCurlyBracket"]);
const ARGUMENT = new Set(["Identifier", "StringLiteral", "NumericLiteral", ...OPENING]);
/** Words before a parenthesis that do not make it a call. */
const OPERATORS = new Set(["in", "and", "or", "not", "if", "else", "is"]);

/** The test that a filter of `rewriteTag` stands for, or undefined for a filter of the template. */
export function testOfFilter(filter: string): { test: string; negate: boolean } | undefined {
  if (filter.startsWith(IS_NOT)) {
    return { test: filter.slice(IS_NOT.length), negate: true };
  }
  return filter.startsWith(IS) ? { test: filter.slice(IS.length), negate: false } : undefined;
}

/**
 * Puts the parts of Jinja's grammar that the library's parser does not know into words that it knows: tests with an argument
 * (`is divisibleby(3)`, `is in [1, 2]`) become filters, `{% with %}` a loop of one turn, tuples of one or no element tuples
 * with absent ones, and the word `recursive` goes. Takes and gives the tokens of one tag.
 */
export function rewriteTag(tokens: Token[]): Token[] {
  const rewritten = rewriteStatement(tokens);
  const range = { tokens: rewritten, ends: groupEnds(rewritten), from: 0, to: rewritten.length };
  return rewriteTuples(rewriteTests(range, 0));
}

const token = (value: string, type: Token["type"]): Token => ({ value, type });
const name = (value: string): Token => token(value, "Identifier");

function rewriteStatement(tokens: Token[]): Token[] {
  const [open, word] = tokens;
  if (open?.type !== "OpenStatement" || word === undefined) {
    return tokens;
  }
  if (word.value === "endwith") {
    return tokens.with(1, name("endfor"));
  }
  if (
    word.value === "for" &&
    tokens.at(-2)?.value === "recursive" &&
    !["in", "."].includes(tokens.at(-3)?.value ?? "")
  ) {
    return tokens.toSpliced(-2, 1);
  }
  return word.value === "with" ? rewriteWith(open, tokens) : tokens;
}

/** `{% with a = x, b = y %}` as `{% for (scope), a, b in [[none, x, y]] %}`. */
function rewriteWith(open: Token, tokens: Token[]): Token[] {
  const comma = token(",", "Comma");
  const names: Token[] = [name(SCOPE_ONLY), comma, name(SCOPE_ONLY)];
  const values: Token[] = [name("none"), comma, name("none")];
  let depth = 0;
  let isName = true;
  for (const part of tokens.slice(2, -1)) {
    depth += OPENING.has(part.type) ? 1 : CLOSING.has(part.type) ? -1 : 0;
    if (isName && part.type === "Equals") {
      isName = false;
      values.push(comma);
    } else if (isName) {
      names.push(...(part.type === "Comma" ? [] : [comma, part]));
    } else if (depth === 0 && part.type === "Comma") {
      isName = true;
    } else {
      values.push(part);
    }
  }
  if (isName && tokens.length > 3) {
    throw invalidTemplate("{% with %} needs name = value, with commas between several.");
  }
  const [left, right] = [token("[", "OpenSquareBracket"), token("]", "CloseSquareBracket")];
  return [open, name("for"), ...names, name("in"), left, left, ...values, right, right, ...tokens.slice(-1)];
}

/** Some of the tokens of a tag, and where each group that opens among them ends. */
interface Range {
  tokens: Token[];
  ends: ReadonlyMap<number, number>;
  from: number;
  to: number;
}

function rewriteTests(range: Range, depth: number): Token[] {
  if (depth > MAX_DEPTH) {
    throw templateTooCostly("its tests are nested too deeply.");
  }
  const { tokens, to } = range;
  const result: Token[] = [];
  let at = range.from;
  for (let current = tokens[at]; current && at < to; current = tokens[at]) {
    const negate = tokens[at + 1]?.value === "not";
    const test = tokens[at + (negate ? 2 : 1)];
    const start = at + (negate ? 3 : 2);
    const isTest = isWord(current, "is") && result.at(-1)?.type !== "Dot" && test?.type === "Identifier";
    const end = isTest && start < to ? endOfArgument(range, start) : start;
    if (!test || end === start) {
      result.push(current);
      at += 1;
      continue;
    }
    const argument = rewriteTests({ ...range, from: start, to: end }, depth + 1);
    const isList = tokens[start]?.type === "OpenParen" && endOfGroup(range, start) === end;
    result.push(token("|", "Pipe"), name((negate ? IS_NOT : IS) + test.value));
    for (const part of isList ? argument : [token("(", "OpenParen"), ...argument, token(")", "CloseParen")]) {
      result.push(part);
    }
    at = end;
  }
  return result;
}

/** Where each group ends, by where it opens; without those that never do. */
function groupEnds(tokens: Token[]): Map<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (const [at, { type }] of tokens.entries()) {
    if (OPENING.has(type)) {
      open.push(at);
    } else if (CLOSING.has(type)) {
      const start = open.pop();
      if (start !== undefined) {
        ends.set(start, at + 1);
      }
    }
  }
  return ends;
}

/** Where the argument of a test ends that starts at `start`: one value with its members and calls. */
function endOfArgument(range: Range, start: number): number {
  const { tokens, to } = range;
  const first = tokens[start];
  if (!first || !ARGUMENT.has(first.type) || (first.type === "Identifier" && NO_ARGUMENT.has(first.value))) {
    return start;
  }
  let at = OPENING.has(first.type) ? endOfGroup(range, start) : start + 1;
  if (first.type === "OpenParen") {
    return at;
  }
  for (let next = tokens[at]; next && at < to; next = tokens[at]) {
    if (next.type === "Dot") {
      at = Math.min(at + 2, to);
    } else if (next.type === "OpenParen" || next.type === "OpenSquareBracket") {
      at = endOfGroup(range, at);
    } else {
      break;
    }
  }
  return at;
}

function endOfGroup({ ends }: Range, start: number): number {
  return ends.get(start) ?? start + 1;
}

/** `()` and `(x,)` get absent elements, because the parser wants a value after each comma. */
function rewriteTuples(tokens: Token[]): Token[] {
  const result: Token[] = [];
  const isTuple: boolean[] = [];
  for (const part of tokens) {
    const before = result.at(-1);
    if (part.type === "OpenParen") {
      isTuple.push(!isCallee(before));
    } else if (part.type === "CloseParen" && isTuple.pop() === true) {
      if (before?.type === "OpenParen") {
        result.push(name(ABSENT), token(",", "Comma"), name(ABSENT));
      } else if (before?.type === "Comma") {
        result.push(name(ABSENT));
      }
    }
    result.push(part);
  }
  return result;
}

function isCallee(before: Token | undefined): boolean {
  return before?.type === "Identifier"
    ? !OPERATORS.has(before.value)
    : before?.type === "CloseParen" || before?.type === "CloseSquareBracket";
}

function isWord(part: Token, word: string): boolean {
  return part.type === "Identifier" && part.value === word;
}
