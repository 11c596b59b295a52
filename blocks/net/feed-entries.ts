import { parseFeed } from "feedsmith";
import { BlockError } from "#blocks/define-block.ts";

/** One entry, with AutoGPT's keys (autogpt.md §6.1, ReadRSSFeedBlock). Texts that the feed does not give are empty. */
export interface FeedEntry {
  title: string;
  link: string;
  description: string;
  /** ISO 8601 in UTC; null when neither the entry nor the feed has a date. */
  pub_date: string | null;
  author: string;
  categories: string[];
}

type Feed = ReturnType<typeof parseFeed<string>>;

/**
 * The entries of an RSS, Atom, RDF or JSON feed, in the feed's order. External entities are not read and internal ones
 * not expanded. Throws BlockError `invalid_feed`.
 */
export function feedEntries(text: string): FeedEntry[] {
  const parsed = parse(text);
  switch (parsed.format) {
    case "rss":
      return rssEntries(parsed.feed);
    case "atom":
      return atomEntries(parsed.feed);
    case "rdf":
      return rdfEntries(parsed.feed);
    case "json":
      return jsonEntries(parsed.feed);
  }
}

function parse(text: string): Feed {
  try {
    return parseFeed(text);
  } catch {
    throw new BlockError(
      "invalid_feed",
      "What is at this address is not an RSS, Atom, RDF or JSON feed. Look for the feed's own address.",
    );
  }
}

type FeedOf<F extends Feed["format"]> = Extract<Feed, { format: F }>["feed"];

function rssEntries(feed: FeedOf<"rss">): FeedEntry[] {
  return (feed.items ?? []).map((item) => {
    const [person] = item.authors ?? [];
    return {
      title: item.title ?? "",
      link: item.link ?? (item.guid?.isPermaLink === false ? "" : (item.guid?.value ?? "")),
      description: item.description ?? item.content?.encoded ?? "",
      pub_date: firstDate(item.pubDate, item.dc?.dates?.[0], feed.pubDate, feed.lastBuildDate),
      author: person?.name ?? person?.email ?? item.dc?.creators?.[0] ?? "",
      categories: (item.categories ?? []).map((category) => category.name ?? "").filter((name) => name !== ""),
    };
  });
}

function atomEntries(feed: FeedOf<"atom">): FeedEntry[] {
  return (feed.entries ?? []).map((entry) => ({
    title: entry.title?.value ?? "",
    link: (entry.links?.find((link) => (link.rel ?? "alternate") === "alternate") ?? entry.links?.[0])?.href ?? "",
    description: entry.summary?.value ?? entry.content?.value ?? "",
    pub_date: firstDate(entry.published, entry.updated, feed.updated),
    author: entry.authors?.[0]?.name ?? feed.authors?.[0]?.name ?? "",
    categories: (entry.categories ?? [])
      .map((category) => category.label ?? category.term ?? "")
      .filter((name) => name !== ""),
  }));
}

function rdfEntries(feed: FeedOf<"rdf">): FeedEntry[] {
  return (feed.items ?? []).map((item) => ({
    title: item.title ?? "",
    link: item.link ?? item.rdf?.about ?? "",
    description: item.description ?? item.content?.encoded ?? "",
    pub_date: firstDate(item.dc?.dates?.[0], feed.dc?.dates?.[0]),
    author: item.dc?.creators?.[0] ?? "",
    categories: item.dc?.subjects ?? [],
  }));
}

function jsonEntries(feed: FeedOf<"json">): FeedEntry[] {
  return (feed.items ?? []).map((item) => ({
    title: item.title ?? "",
    link: item.url ?? item.external_url ?? "",
    description: item.summary ?? item.content_html ?? item.content_text ?? "",
    pub_date: firstDate(item.date_published, item.date_modified),
    author: item.authors?.[0]?.name ?? feed.authors?.[0]?.name ?? "",
    categories: item.tags ?? [],
  }));
}

function firstDate(...candidates: (string | undefined)[]): string | null {
  for (const text of candidates) {
    const time = text === undefined ? Number.NaN : Date.parse(text);
    if (!Number.isNaN(time)) {
      return new Date(time).toISOString();
    }
  }
  return null;
}
