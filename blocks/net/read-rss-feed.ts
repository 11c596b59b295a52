import * as z from "zod";
import { BlockError, defineBlock } from "#blocks/define-block.ts";
import { feedEntries } from "./feed-entries.ts";
import { readText } from "./read-text.ts";
import { isSuccess } from "./is-success.ts";
import { retryAfterMs } from "./retry-after.ts";

const MAX_FEED_BYTES = 10_000_000;
const MINUTE_MS = 60_000;

const Entry = z.object({
  title: z.string(),
  link: z.string(),
  description: z.string(),
  pub_date: z.string().nullable().meta({ description: "ISO 8601, UTC." }),
  author: z.string(),
  categories: z.array(z.string()),
});

/**
 * News of a feed (autogpt.md §6.1, ReadRSSFeedBlock). Reads once per execution: a run that polls inside one step has no end, and no
 * attempt lasts longer than 10 minutes. Polling is what a schedule does, with `time_period` set to its interval. `effects` is
 * `safe`: it only reads.
 */
export default defineBlock({
  id: "5ebe6768-8e5d-41e3-9134-1c7bd89a8d52",
  name: "ReadRSSFeedBlock",
  description:
    "Reads an RSS, Atom, RDF or JSON feed and gives the entries of the last time_period minutes: each on entry, then all on entries. " +
    "It reads the feed once each time it runs, also with run_continuously; to follow a feed, run the agent on a schedule.",
  categories: ["INPUT"],
  effects: "safe",
  input: z.object({
    rss_url: z
      .string()
      .min(1)
      .meta({ title: "RSS URL", description: "Address of the feed.", placeholder: "https://example.com/feed.xml" }),
    time_period: z.number().min(0).default(1440).meta({
      description:
        "How far back to look, in minutes. An entry counts by its date, or by the feed's when it has none; without either it is given always.",
    }),
    polling_rate: z.number().default(300).meta({
      description:
        "Kept for agents from elsewhere, where it is the pause between two readings in seconds. Without effect: the feed is read once.",
      advanced: true,
    }),
    run_continuously: z.boolean().default(true).meta({
      description: "Kept for agents from elsewhere. Without effect: the feed is read once each time the block runs.",
      advanced: true,
    }),
  }),
  output: z.object({
    entry: Entry.meta({ description: "One entry. Comes once for each." }),
    entries: z.array(Entry).meta({ description: "All the entries, in the feed's order." }),
  }),
  examples: [
    {
      name: "RSS: only what is new enough",
      now: Date.UTC(2026, 8, 6, 12),
      input: { rss_url: "https://example.com/feed", time_period: 60, polling_rate: 300 },
      fetch: [
        {
          url: "https://example.com/feed",
          headers: { "content-type": "application/rss+xml" },
          text:
            '<rss version="2.0"><channel><title>News</title><link>https://example.com</link><description>d</description>' +
            "<item><title>New &amp; good</title><link>https://example.com/2</link><description>Second</description>" +
            "<pubDate>Sun, 06 Sep 2026 11:30:00 GMT</pubDate><author>ann@example.com (Ann)</author><category>tea</category></item>" +
            "<item><title>Old</title><link>https://example.com/1</link><pubDate>Sun, 06 Sep 2026 10:59:00 GMT</pubDate></item>" +
            "</channel></rss>",
        },
      ],
      expect: [
        [
          "entry",
          {
            title: "New & good",
            link: "https://example.com/2",
            description: "Second",
            pub_date: "2026-09-06T11:30:00.000Z",
            author: "Ann",
            categories: ["tea"],
          },
        ],
        [
          "entries",
          [
            {
              title: "New & good",
              link: "https://example.com/2",
              description: "Second",
              pub_date: "2026-09-06T11:30:00.000Z",
              author: "Ann",
              categories: ["tea"],
            },
          ],
        ],
      ],
    },
    {
      name: "Atom: nothing new",
      now: Date.UTC(2026, 8, 6, 12),
      input: { rss_url: "https://example.com/atom", polling_rate: 300, run_continuously: false },
      fetch: [
        {
          url: "https://example.com/atom",
          text:
            '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>i</id><updated>2026-01-01T00:00:00Z</updated>' +
            "<entry><title>x</title><id>1</id><updated>2026-01-01T00:00:00Z</updated></entry></feed>",
        },
      ],
      expect: [["entries", []]],
    },
    {
      name: "not a feed",
      input: { rss_url: "https://example.com/", polling_rate: 300 },
      fetch: [
        {
          url: "https://example.com/",
          headers: { "content-type": "text/html" },
          text: "<!doctype html><title>Home</title>",
        },
      ],
      expectError: "is not an RSS, Atom, RDF or JSON feed",
    },
    {
      name: "no answer to use",
      input: { rss_url: "https://example.com/gone", polling_rate: 300 },
      fetch: [{ url: "https://example.com/gone", status: 410, text: "" }],
      expectError: "status 410",
    },
  ],
  async *run({ input, ctx }) {
    const since = ctx.now() - input.time_period * MINUTE_MS;
    const accept =
      "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5";
    const answer = await ctx.request(input.rss_url.trim(), {
      headers: { accept },
      maxBytes: MAX_FEED_BYTES,
      wants: isSuccess,
    });
    if (!isSuccess(answer.status)) {
      throw new BlockError("feed_unavailable", `The feed's server answered with the status ${answer.status}.`, {
        retryable: answer.status === 429 || answer.status >= 500,
        retryAfterMs: retryAfterMs(answer.headers, ctx.now()),
      });
    }
    const entries = feedEntries(readText(answer)).filter(
      (entry) => entry.pub_date === null || Date.parse(entry.pub_date) > since,
    );
    for (const entry of entries) {
      yield ["entry", entry];
    }
    yield ["entries", entries];
  },
});
