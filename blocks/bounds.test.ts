import { describe, expect, test } from "vitest";
import type { JsonObject } from "#graph/json.ts";
import { BlockError } from "./define-block.ts";
import { blockRegistry } from "./registry.ts";
import { runBlock } from "./run-block.ts";
import { testContext } from "./test-context.testkit.ts";

const MILLION = 1_000_000;
const ids = new Map(blockRegistry.catalog.list().map(({ name, id }) => [name, id]));

/** How a built-in block ends: the code of its failure, or "ended". */
async function outcomeOf(name: string, data: JsonObject, ctx = testContext().ctx): Promise<string> {
  const block = blockRegistry.get(ids.get(name) ?? "");
  if (block === undefined) {
    throw new Error(`there is no block ${name}`);
  }
  try {
    for await (const output of runBlock(block, { input_default: {}, data }, ctx)) {
      void output;
    }
    return "ended";
  } catch (error) {
    return error instanceof BlockError ? error.code : String(error);
  }
}

/** Each of these would hold the thread for many seconds, or take all memory, if the block did what it is asked for. */
const refused: [what: string, block: string, data: () => JsonObject, code: string][] = [
  [
    "a large pattern on a long text",
    "MatchTextPatternBlock",
    () => ({ text: `${"a".repeat(100_000)}!`, match: "(a?){900}$", data: 1 }),
    "pattern_too_slow",
  ],
  [
    "a text of 50 MB, letter by letter",
    "TextEncoderBlock",
    () => ({ text: "é".repeat(50 * MILLION) }),
    "input_too_large",
  ],
  ["the same backwards", "TextDecoderBlock", () => ({ text: "é".repeat(50 * MILLION) }), "input_too_large"],
  ["its words", "WordCharacterCountBlock", () => ({ text: "a".repeat(50 * MILLION) }), "input_too_large"],
  ["its code", "CodeExtractionBlock", () => ({ text: "`".repeat(50 * MILLION) }), "input_too_large"],
  [
    "a text in 2 million parts",
    "TextSplitBlock",
    () => ({ text: ",".repeat(2 * MILLION), delimiter: "," }),
    "too_many_items",
  ],
  [
    "a sign between 2 million letters",
    "TextReplaceBlock",
    () => ({ text: "a".repeat(2 * MILLION), old: "", new: "b" }),
    "too_many_items",
  ],
  [
    "a text that grows with the square",
    "TextReplaceBlock",
    () => ({ text: "a".repeat(100_000), old: "a", new: "b".repeat(100_000) }),
    "output_too_large",
  ],
  ["a list of 2 million", "ReverseListOrderBlock", () => ({ input_list: Array(2 * MILLION).fill(1) }), "invalid_input"],
  [
    "lists that are 2 million together",
    "InterleaveListsBlock",
    () => ({ lists: [Array(MILLION).fill(1), Array(MILLION).fill(2)] }),
    "too_many_items",
  ],
  [
    "a table as large as the square of its lists",
    "ZipListsBlock",
    () => ({ lists: [Array(5_000).fill(1), ...Array.from({ length: 5_000 }, () => [])], pad_to_longest: true }),
    "too_many_items",
  ],
  ["a million items at once", "StepThroughItemsBlock", () => ({ items: Array(MILLION).fill(1) }), "too_many_items"],
  [
    "a million lists of one",
    "CreateListBlock",
    () => ({ values: Array(MILLION).fill(1), max_size: 1 }),
    "too_many_outputs",
  ],
  [
    "a table with a million columns",
    "ReadSpreadsheetBlock",
    () => ({ contents: `a\n${",".repeat(MILLION)}`, produce_singular_result: true }),
    "input_too_large",
  ],
  [
    "a table with a million rows",
    "ReadSpreadsheetBlock",
    () => ({ contents: "a\n".repeat(MILLION), produce_singular_result: true }),
    "input_too_large",
  ],
  [
    "a million elements",
    "XMLParserBlock",
    () => ({ input_xml: `<a>${"<b/>".repeat(MILLION)}</a>` }),
    "input_too_large",
  ],
  [
    "a million attributes",
    "XMLParserBlock",
    () => ({ input_xml: `<a ${Array.from({ length: MILLION }, (_, at) => `b${at}=""`).join(" ")}/>` }),
    "input_too_large",
  ],
  [
    "entities that grow without end",
    "XMLParserBlock",
    () => ({ input_xml: '<!DOCTYPE a [<!ENTITY x "yyyy"><!ENTITY z "&x;&x;&x;">]><a>&z;</a>' }),
    "unsupported_xml",
  ],
  ["brackets without end", "JSONDecoderBlock", () => ({ json_str: "[".repeat(5 * MILLION) }), "invalid_json"],
  [
    "a million brackets in each other",
    "JSONDecoderBlock",
    () => ({ json_str: `${"[".repeat(MILLION)}${"]".repeat(MILLION)}` }),
    "invalid_output",
  ],
  [
    "loops in loops",
    "FillTextTemplateBlock",
    () => ({
      format: "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
      values: {},
    }),
    "template_too_costly",
  ],
  [
    "tests that open and never close",
    "FillTextTemplateBlock",
    () => ({ format: `{{ ${"x is in (".repeat(60_000)} }}`, values: {} }),
    "template_too_costly",
  ],
  [
    "tests in tests",
    "FillTextTemplateBlock",
    () => ({ format: `{{ ${"x is in (".repeat(3_000)}1${")".repeat(3_000)} }}`, values: {} }),
    "template_too_costly",
  ],
  [
    "numbers that are written out",
    "FillTextTemplateBlock",
    () => ({ format: `{{ ${"1e300 + ".repeat(100_000)}1 }}`, values: {} }),
    "template_too_costly",
  ],
  [
    "a sum of 200,000",
    "FillTextTemplateBlock",
    () => ({ format: `{{ ${"1 + ".repeat(200_000)}1 }}`, values: {} }),
    "template_too_costly",
  ],
  ["a power without end", "CalculatorBlock", () => ({ operation: "Power", a: 1e308, b: 1e308 }), "not_a_number"],
  ["a wait for ever", "CountdownTimerBlock", () => ({ days: 1e308 }), "wait_too_long"],
  ["a million waits", "CountdownTimerBlock", () => ({ repeat: MILLION }), "invalid_input"],
];

describe("[BI8] no block holds the thread for long, or takes memory without end", () => {
  test.each(refused)("%s: %s", async (_what, block, data, code) => {
    expect(await outcomeOf(block, data())).toBe(code);
  });

  test("a long text is printed in part and passed on whole", async () => {
    const { ctx, logs } = testContext();
    expect(await outcomeOf("PrintToConsoleBlock", { text: "x".repeat(MILLION) }, ctx)).toBe("ended");
    expect(logs[0]?.message.length).toBeLessThan(10_050);
  });

  test("what is large but linear is done", async () => {
    const values = Array.from({ length: 200_000 }, (_, at) => ({ w: 1, at }));
    const sample = { sample_size: 100_000, weight_key: "w", stratify_key: "w" };
    for (const sampling_method of ["weighted", "stratified"]) {
      expect(await outcomeOf("DataSamplingBlock", { data: values, sampling_method, ...sample })).toBe("ended");
    }
    const lists = [Array(20_000).fill(1), ...Array.from({ length: 20_000 }, () => [])];
    expect(await outcomeOf("InterleaveListsBlock", { lists })).toBe("ended");
  });

  test("a search that is slow again and again gives others their turn, and ends at its limit of time", async () => {
    const { ctx } = testContext();
    let turns = 0;
    const slow = {
      ...ctx,
      sleep: async () => {
        turns += 1;
        await ctx.sleep(1_000);
      },
    };
    const data = { text: "a".repeat(1_000_000), pattern: "a*b|a", find_all: true };
    expect(await outcomeOf("ExtractTextInformationBlock", data, slow)).toBe("pattern_too_slow");
    expect(turns).toBe(6);
  });
});
