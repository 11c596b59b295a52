import { describe, expect, it } from "vitest";
import { dnsOverHttps } from "./resolve-host.ts";

type Answer = { Status: number; Answer?: { type: number; data: string; TTL: number }[] };

/** A resolver that answers from `records` (by `name type`), on a clock that the test moves. */
function resolver(records: Record<string, Answer | Response | Error>) {
  const asked: string[] = [];
  const clock = { now: 1_000_000 };
  const resolve = dnsOverHttps({
    now: () => clock.now,
    rawFetch: (input, init) => {
      const url = new URL(String(input));
      const key = `${url.searchParams.get("name")} ${url.searchParams.get("type")}`;
      asked.push(key);
      expect(`${url.origin}${url.pathname}`).toBe("https://cloudflare-dns.com/dns-query");
      expect(new Headers(init?.headers).get("accept")).toBe("application/dns-json");
      const answer = records[key] ?? { Status: 0 };
      return answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve(answer instanceof Response ? answer : Response.json(answer));
    },
  });
  return { resolve, asked, clock };
}

describe("dnsOverHttps", () => {
  it("gives the A and AAAA records behind any aliases", async () => {
    const { resolve } = resolver({
      "a.example.com 1": {
        Status: 0,
        Answer: [
          { type: 5, data: "b.example.com.", TTL: 9 },
          { type: 1, data: "93.184.216.34", TTL: 9 },
          { type: 1, data: "10.0.0.1", TTL: 9 },
        ],
      },
      "a.example.com 28": { Status: 0, Answer: [{ type: 28, data: "2606:2800::1", TTL: 9 }] },
    });
    expect(await resolve("a.example.com")).toEqual(["93.184.216.34", "10.0.0.1", "2606:2800::1"]);
  });

  it("gives nothing for a name that does not exist or has no address", async () => {
    const { resolve } = resolver({ "no.example.com 1": { Status: 3 }, "no.example.com 28": { Status: 3 } });
    expect(await resolve("no.example.com")).toEqual([]);
    expect(await resolve("empty.example.com")).toEqual([]);
  });

  it.each([
    ["SERVFAIL for one of the types", { Status: 2 }],
    ["REFUSED", { Status: 5 }],
    ["a resolver that does not take the question", new Response("bad name", { status: 400 })],
    ["an answer that is not JSON", new Response("<html>")],
    ["an answer that is no object", Response.json(null)],
  ])("gives nothing on %s, although the other type has an address", async (_, answer) => {
    const { resolve } = resolver({
      "a.example.com 1": { Status: 0, Answer: [{ type: 1, data: "93.184.216.34", TTL: 9 }] },
      "a.example.com 28": answer,
    });
    expect(await resolve("a.example.com")).toEqual([]);
  });

  it("says so when the resolver cannot be reached", async () => {
    const { resolve } = resolver({ "a.example.com 1": new TypeError("fetch failed") });
    await expect(resolve("a.example.com")).rejects.toMatchObject({ name: "ResolverUnavailable" });
  });

  it("asks again when the answer's time is over, within 5 to 60 seconds", async () => {
    const { resolve, asked, clock } = resolver({
      "short.example.com 1": { Status: 0, Answer: [{ type: 1, data: "93.184.216.34", TTL: 0 }] },
      "long.example.com 1": { Status: 0, Answer: [{ type: 1, data: "93.184.216.34", TTL: 86_400 }] },
    });
    const count = (name: string): number => asked.filter((key) => key === `${name} 1`).length;
    for (const step of [0, 4_999, 2, 54_000, 2_000]) {
      clock.now += step;
      await resolve("short.example.com");
      await resolve("long.example.com");
    }
    expect([count("short.example.com"), count("long.example.com")]).toEqual([3, 2]);
  });

  it("does not remember a failure", async () => {
    const records: Record<string, Answer | Error> = { "a.example.com 1": { Status: 2 } };
    const { resolve } = resolver(records);
    expect(await resolve("a.example.com")).toEqual([]);
    records["a.example.com 1"] = { Status: 0, Answer: [{ type: 1, data: "93.184.216.34", TTL: 9 }] };
    expect(await resolve("a.example.com")).toEqual(["93.184.216.34"]);
  });
});
