import * as z from "zod";
import { BlockError, defineBlock } from "#blocks/define-block.ts";
import { isSuccess } from "./is-success.ts";
import { readText } from "./read-text.ts";
import { retryAfterMs } from "./retry-after.ts";

const Summary = z.object({ extract: z.string() });

/** Summary of an encyclopaedia article (autogpt.md §6.1). `effects` is `safe`: it only reads. */
export default defineBlock({
  id: "f5b0f5d0-1862-4d61-94be-3ad0fa772760",
  name: "GetWikipediaSummaryBlock",
  description: "Gives the first paragraph of the article on a topic from the English Wikipedia.",
  categories: ["SEARCH"],
  effects: "safe",
  input: z.object({
    topic: z.string().trim().min(1).meta({ description: "Title of the article.", placeholder: "Alan Turing" }),
  }),
  output: z.object({
    summary: z.string().meta({ description: "Plain text of the article's first paragraph." }),
  }),
  examples: [
    {
      name: "a topic",
      input: { topic: "Kettle (tea)" },
      fetch: [
        {
          url: "https://en.wikipedia.org/api/rest_v1/page/summary/Kettle%20(tea)?redirect=true",
          json: { title: "Kettle", extract: "A kettle is a vessel for boiling water." },
        },
      ],
      expect: [["summary", "A kettle is a vessel for boiling water."]],
    },
    {
      name: "a topic without an article",
      input: { topic: "no/such" },
      fetch: [
        { url: "https://en.wikipedia.org/api/rest_v1/page/summary/no%2Fsuch?redirect=true", status: 404, json: {} },
      ],
      expectError: 'no article "no/such"',
    },
    {
      name: "a busy server",
      input: { topic: "Tea" },
      fetch: [
        { url: "https://en.wikipedia.org/api/rest_v1/page/summary/Tea?redirect=true", status: 503, text: "busy" },
      ],
      expectError: "status 503",
    },
  ],
  async *run({ input, ctx }) {
    const url = `https://en.wikipedia.org/api/rest_v1/page/summary/${encodeURIComponent(input.topic)}?redirect=true`;
    // Wikimedia refuses clients that do not say who they are.
    const headers = { accept: "application/json", "user-agent": "Weft/0.1 (self-hosted agent platform)" };
    const answer = await ctx.request(url, { headers, maxBytes: 1_000_000, wants: isSuccess });
    if (answer.status === 404) {
      throw new BlockError(
        "topic_not_found",
        `Wikipedia has no article ${JSON.stringify(input.topic)}. Check the spelling of the title.`,
        { retryable: false },
      );
    }
    if (!isSuccess(answer.status)) {
      throw new BlockError(
        "wikipedia_unavailable",
        `Wikipedia answered with the status ${answer.status}. Try again later.`,
        {
          retryable: answer.status === 429 || answer.status >= 500,
          retryAfterMs: retryAfterMs(answer.headers, ctx.now()),
        },
      );
    }
    const summary = Summary.safeParse(parsed(readText(answer)));
    if (!summary.success) {
      throw new BlockError("wikipedia_unavailable", "Wikipedia's answer has no summary in it.", { retryable: true });
    }
    yield ["summary", summary.data.extract];
  },
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
