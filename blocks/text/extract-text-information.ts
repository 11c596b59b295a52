import * as z from "zod";
import { type BlockContext, BlockError, defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";
import { PythonPattern } from "./python-pattern.ts";

/** Limits of autogpt.md §6.1: characters of text, matches, characters of a match, ms. */
const MAX_TEXT = 1_000_000;
const MAX_MATCHES = 1_000;
const MAX_MATCH_LENGTH = 10_000;
const MAX_TIME_MS = 5_000;
/** Steps of searching (at worst) after which everything else gets a turn, and the clock is looked at. */
const STEPS_BETWEEN_TURNS = 20_000_000;

export default defineBlock({
  id: "3146e4fe-2cdd-4f29-bd12-0c9d5bb4deb0",
  name: "ExtractTextInformationBlock",
  description: "Takes what a regular expression finds out of a text.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({
    text: anyValue().meta({ description: "Where to search; other values than text are searched as JSON." }),
    pattern: z.string().meta({ description: "A regular expression in Python's syntax." }),
    group: z.int().min(0).default(0).meta({ description: "Number of the group to take; 0 is the whole match." }),
    case_sensitive: z.boolean().default(true).meta({ description: "Tell capital letters from small ones." }),
    dot_all: z.boolean().default(true).meta({ description: "Let the dot match line ends too." }),
    find_all: z.boolean().default(false).meta({ description: "Take every match, not only the first." }),
  }),
  output: z.object({
    positive: z.string().nullable().meta({ description: "What was found, once for each match." }),
    negative: anyValue().meta({ description: "The text, when nothing was found." }),
    matched_results: z.array(z.string().nullable()).meta({ description: "All that was found." }),
    matched_count: z.int().meta({ description: "How much was found." }),
  }),
  examples: [
    {
      name: "the first match",
      input: { text: "Total: 42 EUR, 7 USD", pattern: "(\\d+) ([A-Z]{3})", group: 2 },
      expect: [
        ["positive", "EUR"],
        ["matched_results", ["EUR"]],
        ["matched_count", 1],
      ],
    },
    {
      name: "every match",
      input: { text: "a1 b22", pattern: "\\d+", find_all: true },
      expect: [
        ["positive", "1"],
        ["positive", "22"],
        ["matched_results", ["1", "22"]],
        ["matched_count", 2],
      ],
    },
    {
      name: "nothing found",
      input: { text: "none", pattern: "\\d" },
      expect: [
        ["negative", "none"],
        ["matched_results", []],
        ["matched_count", 0],
      ],
    },
    {
      name: "a group that took no part",
      input: { text: "b", pattern: "(a)|b", group: 1 },
      expect: [
        ["positive", null],
        ["matched_results", [null]],
        ["matched_count", 1],
      ],
    },
    {
      name: "a group that the pattern does not have finds nothing",
      input: { text: "b", pattern: "b", group: 1 },
      expect: [
        ["negative", "b"],
        ["matched_results", []],
        ["matched_count", 0],
      ],
    },
    { name: "a back-reference", input: { text: "aa", pattern: "(a)\\1" }, expectError: "back-reference" },
  ],
  async *run({ input, ctx }) {
    const found = await findMatches(input, ctx);
    for (const match of found) {
      yield ["positive", match];
    }
    if (found.length === 0) {
      yield ["negative", input.text];
    }
    yield ["matched_results", found];
    yield ["matched_count", found.length];
  },
});

interface Search {
  text: unknown;
  pattern: string;
  group: number;
  case_sensitive: boolean;
  dot_all: boolean;
  find_all: boolean;
}

async function findMatches(search: Search, ctx: BlockContext): Promise<(string | null)[]> {
  const text = typeof search.text === "string" ? search.text : JSON.stringify(search.text);
  if (text.length > MAX_TEXT) {
    throw new BlockError(
      "input_too_large",
      `The text has ${text.length} characters; at most ${MAX_TEXT} can be searched.`,
    );
  }
  const pattern = new PythonPattern(search.pattern, { caseSensitive: search.case_sensitive, dotAll: search.dot_all });
  if (search.group > pattern.groupCount) {
    return [];
  }
  const most = search.find_all ? MAX_MATCHES : 1;
  const deadline = ctx.now() + MAX_TIME_MS;
  const found: (string | null)[] = [];
  let steps = 0;
  for (const { groups } of pattern.searchAll(text)) {
    found.push(groups[search.group]?.slice(0, MAX_MATCH_LENGTH) ?? null);
    if (found.length >= most) {
      break;
    }
    steps += pattern.stepsFor(text.length);
    if (steps > STEPS_BETWEEN_TURNS) {
      steps = 0;
      // A Worker's clock stands still while it computes.
      await ctx.sleep(0);
    }
    if (ctx.now() > deadline) {
      throw new BlockError(
        "pattern_too_slow",
        `The search took longer than ${MAX_TIME_MS} ms. Use a simpler pattern or a shorter text.`,
      );
    }
  }
  return found;
}
