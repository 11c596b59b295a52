import { describe, expect, it } from "vitest";
import { feedEntries } from "./feed-entries.ts";

describe("feedEntries", () => {
  it("reads RSS 2.0 with its extensions", () => {
    const entries = feedEntries(`<?xml version="1.0"?>
      <rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
        <title>T</title><link>https://example.com</link><description>d</description><lastBuildDate>Sat, 05 Sep 2026 00:00:00 GMT</lastBuildDate>
        <item><title><![CDATA[A <b> & B]]></title><guid>https://example.com/1</guid><content:encoded><![CDATA[<p>x</p>]]></content:encoded>
          <dc:creator>Bob</dc:creator><dc:date>2026-09-06T02:00:00+02:00</dc:date><category>c1</category><category domain="d">c2</category></item>
        <item><description>only</description><guid isPermaLink="false">g</guid></item>
      </channel></rss>`);
    expect(entries).toEqual([
      {
        title: "A <b> & B",
        link: "https://example.com/1",
        description: "<p>x</p>",
        pub_date: "2026-09-06T00:00:00.000Z",
        author: "Bob",
        categories: ["c1", "c2"],
      },
      { title: "", link: "", description: "only", pub_date: "2026-09-05T00:00:00.000Z", author: "", categories: [] },
    ]);
  });

  it("reads Atom", () => {
    const entries =
      feedEntries(`<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>i</id><updated>2026-09-01T00:00:00Z</updated>
      <author><name>Whole feed</name></author>
      <entry><title type="html">&lt;b&gt;x&lt;/b&gt;</title><id>1</id><link rel="self" href="https://example.com/self"/><link href="https://example.com/a"/>
        <published>2026-09-06T00:00:00Z</published><updated>2026-09-07T00:00:00Z</updated><author><name>Ann</name></author>
        <category term="c" label="C"/><category term="d"/><content type="html">body</content></entry>
      <entry><title>y</title><id>2</id></entry></feed>`);
    expect(entries).toEqual([
      {
        title: "<b>x</b>",
        link: "https://example.com/a",
        description: "body",
        pub_date: "2026-09-06T00:00:00.000Z",
        author: "Ann",
        categories: ["C", "d"],
      },
      {
        title: "y",
        link: "",
        description: "",
        pub_date: "2026-09-01T00:00:00.000Z",
        author: "Whole feed",
        categories: [],
      },
    ]);
  });

  it("reads RDF", () => {
    const entries =
      feedEntries(`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="u"><title>t</title><link>l</link><description>d</description></channel>
      <item rdf:about="https://example.com/about"><title>i</title><description>de</description><dc:date>2026-09-06</dc:date>
      <dc:creator>Z</dc:creator><dc:subject>s1</dc:subject></item></rdf:RDF>`);
    expect(entries).toEqual([
      {
        title: "i",
        link: "https://example.com/about",
        description: "de",
        pub_date: "2026-09-06T00:00:00.000Z",
        author: "Z",
        categories: ["s1"],
      },
    ]);
  });

  it("reads JSON Feed", () => {
    const feed = {
      version: "https://jsonfeed.org/version/1.1",
      title: "t",
      items: [
        {
          id: "1",
          url: "https://example.com/1",
          content_text: "x",
          date_published: "2026-09-06T00:00:00Z",
          tags: ["a"],
        },
        { id: "2" },
      ],
    };
    expect(feedEntries(JSON.stringify(feed))).toEqual([
      {
        title: "",
        link: "https://example.com/1",
        description: "x",
        pub_date: "2026-09-06T00:00:00.000Z",
        author: "",
        categories: ["a"],
      },
      { title: "", link: "", description: "", pub_date: null, author: "", categories: [] },
    ]);
  });

  it("reads a feed without entries", () => {
    expect(
      feedEntries(
        "<rss version='2.0'><channel><title>t</title><link>l</link><description>d</description></channel></rss>",
      ),
    ).toEqual([]);
  });

  it.each(["", "hello", "<html><body/></html>", "<rss><channel>", "{}", "[1]", "null"])("refuses %j", (text) => {
    expect(() => feedEntries(text)).toThrow(expect.objectContaining({ code: "invalid_feed" }) as Error);
  });

  const withDoctype = (doctype: string, title: string) =>
    `<?xml version="1.0"?>${doctype}<rss version="2.0"><channel><title>t</title><link>l</link><description>d</description>` +
    `<item><title>${title}</title></item></channel></rss>`;

  it("expands no entities that the document defines", () => {
    const bomb = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>';
    expect(feedEntries(withDoctype(bomb, "&c; &amp; &#233;"))[0]?.title).toBe("&c; & é");
  });

  it("refuses a document that refers to files", () => {
    const external = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>';
    expect(() => feedEntries(withDoctype(external, "&x;"))).toThrow(
      expect.objectContaining({ code: "invalid_feed" }) as Error,
    );
  });

  it("takes the document type of old feeds", () => {
    const netscape =
      '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">';
    expect(feedEntries(withDoctype(netscape, "old"))[0]?.title).toBe("old");
  });

  it("is not polluted by names", () => {
    const text = `<rss version="2.0"><channel><title>t</title><link>l</link><description>d</description>
      <item><title>x</title><__proto__><polluted>1</polluted></__proto__><constructor>y</constructor></item></channel></rss>`;
    try {
      feedEntries(text);
    } catch (error) {
      expect(error).toMatchObject({ code: "invalid_feed" });
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
