import { describe, expect, it } from "vitest";
import type { Block } from "../define-block.ts";
import { runBlock } from "../run-block.ts";
import { testContext, wholeBy } from "../test-context.testkit.ts";
import getWikipediaSummary from "./get-wikipedia-summary.ts";
import readRssFeed from "./read-rss-feed.ts";

async function failure(block: Block, data: Record<string, string>, answer: Response): Promise<unknown> {
  const { ctx } = testContext();
  try {
    for await (const _ of runBlock(
      block,
      { input_default: {}, data },
      { ...ctx, request: wholeBy(async () => answer) },
    ))
      void _;
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each([
  ["a feed's server", readRssFeed, { rss_url: "https://example.com/feed" }],
  ["Wikipedia", getWikipediaSummary, { topic: "Tea" }],
] as const)("%s that is busy", (_, block, input) => {
  it.each([429, 503])("says with %i when to come again", async (status) => {
    const answer = new Response("", { status, headers: { "retry-after": "120" } });
    expect(await failure(block, input, answer)).toMatchObject({ retryable: true, retryAfterMs: 120_000 });
  });

  it("is not asked again for what it does not have", async () => {
    expect(await failure(block, input, new Response("", { status: 410 }))).toMatchObject({ retryable: false });
  });
});
