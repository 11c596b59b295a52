import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEgress } from "./create-egress.ts";
import { BLOCKED_URLS, INVALID_URLS, WRONG_SCHEMES } from "./forbidden-urls.testkit.ts";
import { ResolverUnavailable } from "./resolve-host.ts";

interface Sent {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: unknown;
}

/** An egress over a network that answers with `answers` in turn (then with 200) and writes down what it is asked. */
function fakeNetwork(answers: Response[] = [], addresses: Record<string, string[]> = {}, allow = "") {
  const sent: Sent[] = [];
  const egress = createEgress({
    allow,
    resolve: (name) => Promise.resolve(addresses[name] ?? ["93.184.216.34", "2606:2800:220:1::1"]),
    rawFetch: (input, init) => {
      sent.push({
        url: String(input),
        method: init?.method ?? "GET",
        headers: Object.fromEntries(new Headers(init?.headers)),
        body: init?.body,
      });
      return Promise.resolve(answers.shift() ?? new Response("ok"));
    },
  });
  return { egress, sent };
}

function redirect(location: string, status = 302): Response {
  return new Response("moved", { status, headers: { location } });
}

describe("what may not be asked for", () => {
  it.each(BLOCKED_URLS)("%s is a blocked address", async (url) => {
    const { egress, sent } = fakeNetwork();
    await expect(egress(url)).rejects.toMatchObject({
      name: "EgressError",
      code: "egress_blocked_address",
      retryable: false,
    });
    expect(sent).toEqual([]);
  });

  it.each(INVALID_URLS)("%j is not a valid URL", async (url) => {
    const { egress, sent } = fakeNetwork();
    await expect(egress(url)).rejects.toMatchObject({ code: "egress_invalid_request" });
    expect(sent).toEqual([]);
  });

  it.each(WRONG_SCHEMES)("%s has a wrong scheme", async (url) => {
    const { egress, sent } = fakeNetwork();
    await expect(egress(url)).rejects.toMatchObject({ code: "egress_scheme" });
    expect(sent).toEqual([]);
  });

  it.each(BLOCKED_URLS)("%s is blocked as a URL object and as a Request", async (text) => {
    const url = URL.parse(text);
    const { egress, sent } = fakeNetwork();
    if (url !== null) {
      await expect(egress(url)).rejects.toMatchObject({ code: "egress_blocked_address" });
      await expect(egress(new Request(url))).rejects.toMatchObject({ code: "egress_blocked_address" });
    }
    expect(sent).toEqual([]);
  });

  it.each([301, 302, 303, 307, 308])("a redirect with %i leads to none of them", async (status) => {
    const forbidden = [
      ...BLOCKED_URLS,
      ...WRONG_SCHEMES,
      "http://user@example.com/",
      "http://example.com\\@127.0.0.1/",
      "//127.0.0.1/",
      "//[::1]/",
    ];
    for (const target of forbidden) {
      // A header cannot carry these letters; servers send them as UTF-8 bytes, which arrive as Latin-1 or not at all.
      if (/[^\x20-\x7e]/.test(target)) {
        continue;
      }
      const { egress, sent } = fakeNetwork([redirect(target, status)]);
      await expect(egress("https://example.com/"), target).rejects.toMatchObject({
        code: expect.stringMatching(/^egress_(blocked_address|scheme|invalid_request)$/),
      });
      expect(sent.length, target).toBe(1);
    }
  });

  it("refuses a private IPv4 address in any encoding", async () => {
    const seed = 20_260_817;
    const octet = fc.integer({ min: 0, max: 255 });
    const address = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127, 224, 239, 240, 255), octet, octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
      fc.tuple(fc.constant(198), fc.constantFrom(18, 19), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(0), fc.constantFrom(0, 2), octet),
    );
    const style = fc.record({
      parts: fc.integer({ min: 1, max: 4 }),
      bases: fc.array(fc.constantFrom(8, 10, 16), { minLength: 4, maxLength: 4 }),
      pad: fc.integer({ min: 0, max: 3 }),
      fullWidth: fc.boolean(),
      dot: fc.constantFrom(".", "。", "．", "｡", "%2e"),
      trailingDot: fc.boolean(),
      port: fc.constantFrom("", ":80", ":8080"),
      percent: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(address, style, async (octets, how) => {
        const { egress, sent } = fakeNetwork();
        const url = `http://${encodeIPv4(octets, how)}${how.trailingDot ? how.dot : ""}${how.port}/`;
        await expect(egress(url), url).rejects.toMatchObject({ code: "egress_blocked_address" });
        expect(sent).toEqual([]);
      }),
      { seed, numRuns: 1500, verbose: 1 },
    );
  });

  it("refuses IPv6 addresses that carry a private IPv4 address", async () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const prefix = fc.constantFrom("::", "::ffff:", "::ffff:0:", "64:ff9b::", "64:ff9b:1::");
    await fc.assert(
      fc.asyncProperty(
        prefix,
        fc.tuple(fc.constantFrom(0, 10, 127), octet, octet, octet),
        fc.boolean(),
        async (head, octets, hex) => {
          const { egress, sent } = fakeNetwork();
          const [a, b, c, d] = octets;
          const tail = hex ? `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}` : octets.join(".");
          for (const url of [
            `http://[${head}${tail}]/`,
            `http://[2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::1]/`,
          ]) {
            await expect(egress(url), url).rejects.toMatchObject({ code: "egress_blocked_address" });
          }
          expect(sent).toEqual([]);
        },
      ),
      { seed: 4_112_025, numRuns: 500, verbose: 1 },
    );
  });
});

function encodeIPv4(
  octets: number[],
  how: { parts: number; bases: number[]; pad: number; fullWidth: boolean; dot: string; percent: boolean },
): string {
  const head = octets.slice(0, how.parts - 1);
  const last = octets.slice(how.parts - 1).reduce((sum, octet) => sum * 256 + octet, 0);
  const digits = [...head, last].map((part, index) => {
    const base = how.bases[index] ?? 10;
    const zeros = "0".repeat(how.pad);
    return base === 16
      ? `0x${zeros}${part.toString(16)}`
      : base === 8
        ? `0${zeros}${part.toString(8)}`
        : part.toString(10);
  });
  return digits
    .map((text) =>
      how.fullWidth ? text.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))) : text,
    )
    .map((text) => (how.percent ? text.replace(/[0-9]/, (digit) => `%${digit.charCodeAt(0).toString(16)}`) : text))
    .join(how.dot);
}

describe("names", () => {
  it("are refused when any of their addresses is not public", async () => {
    const { egress, sent } = fakeNetwork([], {
      "127.0.0.1.nip.io": ["127.0.0.1"],
      "mixed.example.com": ["93.184.216.34", "10.0.0.7"],
      "six.example.com": ["2606:2800:220:1::1", "::ffff:10.0.0.7"],
    });
    for (const host of [
      "127.0.0.1.nip.io",
      "mixed.example.com",
      "six.example.com",
      "MIXED.example.com.",
      "six.example.com:8080",
    ]) {
      await expect(egress(`http://${host}/`), host).rejects.toMatchObject({ code: "egress_blocked_address" });
    }
    expect(sent).toEqual([]);
  });

  it("are looked up again for every redirect", async () => {
    const { egress, sent } = fakeNetwork([redirect("https://inside.example.com/")], {
      "inside.example.com": ["192.168.1.1"],
    });
    await expect(egress("https://example.com/")).rejects.toMatchObject({ code: "egress_blocked_address" });
    expect(sent.map((request) => request.url)).toEqual(["https://example.com/"]);
  });

  it("that do not exist are a DNS error", async () => {
    const { egress, sent } = fakeNetwork([], { "no.example.com": [] });
    await expect(egress("https://no.example.com/")).rejects.toMatchObject({ code: "egress_dns", retryable: true });
    expect(sent).toEqual([]);
  });

  it("are tried when no resolver can be reached, unless told otherwise, and never when they look private", async () => {
    const rawFetch = () => Promise.resolve(new Response("ok"));
    const resolve = () => Promise.reject(new ResolverUnavailable());
    const lenient = createEgress({ allow: "", rawFetch, resolve });
    const strict = createEgress({ allow: "", rawFetch, resolve, resolverUnavailable: "refuse" });
    expect((await lenient("https://example.com/")).status).toBe(200);
    await expect(lenient("https://db.internal/")).rejects.toMatchObject({ code: "egress_blocked_address" });
    await expect(strict("https://example.com/")).rejects.toMatchObject({ code: "egress_dns" });
  });

  it("are refused when the resolver fails in any other way", async () => {
    const egress = createEgress({
      allow: "",
      rawFetch: () => Promise.resolve(new Response("ok")),
      resolve: () => Promise.reject(new Error("odd answer")),
    });
    await expect(egress("https://example.com/")).rejects.toMatchObject({ code: "egress_dns" });
  });
});

describe("the allow-list", () => {
  it("opens exactly the hosts and ports that it names", async () => {
    const { egress } = fakeNetwork([], {}, "localhost:11434, 192.168.1.5,[::1]:8080 ,Ollama.internal");
    for (const url of [
      "http://localhost:11434/v1",
      "http://LOCALHOST.:11434/",
      "http://192.168.1.5/",
      "http://192.168.1.5:9999/",
      "http://3232235781/",
      "http://[::1]:8080/",
      "http://[0:0::1]:8080/",
      "https://ollama.internal/",
      "http://ollama.internal:22/",
    ]) {
      expect((await egress(url)).status, url).toBe(200);
    }
    for (const url of [
      "http://localhost/",
      "http://localhost:11435/",
      "http://a.localhost:11434/",
      "http://127.0.0.1:11434/",
      "http://192.168.1.50/",
      "http://192.168.1.4/",
      "http://[::1]/",
      "http://x.ollama.internal/",
      "http://internal/",
    ]) {
      await expect(egress(url), url).rejects.toMatchObject({ code: "egress_blocked_address" });
    }
    await expect(egress("http://user@localhost:11434/")).rejects.toMatchObject({ code: "egress_invalid_request" });
    await expect(egress("ftp://localhost:11434/")).rejects.toMatchObject({ code: "egress_scheme" });
  });

  it("compares the effective port", async () => {
    const { egress } = fakeNetwork([], {}, "localhost:443");
    expect((await egress("https://localhost/")).status).toBe(200);
    await expect(egress("http://localhost/")).rejects.toMatchObject({ code: "egress_blocked_address" });
  });

  it("applies to redirects too", async () => {
    const { egress, sent } = fakeNetwork(
      [redirect("http://10.0.0.1:81/a"), redirect("http://10.0.0.1:82/")],
      {},
      "10.0.0.1:81",
    );
    await expect(egress("https://example.com/")).rejects.toMatchObject({ code: "egress_blocked_address" });
    expect(sent.map((request) => request.url)).toEqual(["https://example.com/", "http://10.0.0.1:81/a"]);
  });

  it.each([
    "::1",
    "http://localhost",
    "localhost:0",
    "localhost:65536",
    "*.example.com",
    "a@b",
    "10.0.0.0/8",
    "[::1",
    "a b",
  ])("does not take %j for an entry", (entry) => {
    expect(() => createEgress({ allow: `localhost,${entry}` })).toThrow(/WEFT_EGRESS_ALLOW/);
  });

  it("may be empty", () => {
    expect(() => createEgress({ allow: " , " })).not.toThrow();
  });
});

describe("redirects", () => {
  const secret = {
    authorization: "Bearer s",
    cookie: "a=b",
    "proxy-authorization": "Basic s",
    "x-api-key": "s",
    "api-key": "s",
    "private-token": "s",
    "x-goog-api-key": "s",
    "x-anything": "s",
  };

  it("keep headers within the origin and drop every possible credential across origins, for good", async () => {
    const { egress, sent } = fakeNetwork([
      redirect("/second"),
      redirect("https://other.example.com/third"),
      redirect("https://example.com/fourth"),
    ]);
    await egress("https://example.com/first", { headers: { ...secret, accept: "text/plain", "user-agent": "test" } });
    expect(sent.map((request) => request.url)).toEqual([
      "https://example.com/first",
      "https://example.com/second",
      "https://other.example.com/third",
      "https://example.com/fourth",
    ]);
    expect(sent[1]?.headers).toEqual({ ...secret, accept: "text/plain", "user-agent": "test" });
    expect(sent[2]?.headers).toEqual({ accept: "text/plain", "user-agent": "test" });
    expect(sent[3]?.headers).toEqual({ accept: "text/plain", "user-agent": "test" });
  });

  it.each(["http://example.com/", "https://example.com:8443/", "https://www.example.com/"])(
    "%s is another origin",
    async (url) => {
      const { egress, sent } = fakeNetwork([redirect(url)]);
      await egress("https://example.com/", { headers: secret });
      expect(sent[1]?.headers).toEqual({ "user-agent": "weft" });
    },
  );

  it.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "POST", "GET"],
    [307, "POST", "POST"],
    [308, "POST", "POST"],
    [301, "PUT", "PUT"],
    [302, "DELETE", "DELETE"],
    [303, "PUT", "GET"],
    [303, "HEAD", "HEAD"],
    [302, "HEAD", "HEAD"],
    [307, "PATCH", "PATCH"],
  ])("%i turns %s into %s", async (status, method, then) => {
    const { egress, sent } = fakeNetwork([redirect("/next", status)]);
    const body = method === "HEAD" ? undefined : '{"a":1}';
    await egress("https://example.com/", { method, body, headers: { "content-type": "application/json" } });
    expect(sent[1]?.method).toBe(then);
    const kept = method === then && method !== "HEAD";
    expect(sent[1]?.body).toBe(kept ? body : undefined);
    expect(sent[1]?.headers["content-type"]).toBe(method === then ? "application/json" : undefined);
  });

  it("sends the body of a Request again on 307", async () => {
    const { egress, sent } = fakeNetwork([redirect("/next", 307)]);
    await egress(new Request("https://example.com/", { method: "POST", body: "again" }));
    expect(new TextDecoder().decode(sent[1]?.body as ArrayBuffer)).toBe("again");
  });

  it("cannot send a stream again", async () => {
    const { egress } = fakeNetwork([redirect("/next", 307)]);
    const body = new Blob(["once"]).stream();
    await expect(egress("https://example.com/", { method: "POST", body })).rejects.toMatchObject({
      code: "egress_redirect_body",
    });
  });

  it("end after ten", async () => {
    const loop = (count: number) => Array.from({ length: count }, (_, index) => redirect(`/${index}`));
    expect((await fakeNetwork(loop(10)).egress("https://example.com/")).status).toBe(200);
    const { egress, sent } = fakeNetwork(loop(11));
    await expect(egress("https://example.com/")).rejects.toMatchObject({ code: "egress_too_many_redirects" });
    expect(sent.length).toBe(11);
  });

  it("are the caller's own business in the other modes", async () => {
    const manual = await fakeNetwork([redirect("http://127.0.0.1/")]).egress("https://example.com/", {
      redirect: "manual",
    });
    expect(manual.status).toBe(302);
    expect(manual.headers.get("location")).toBe("http://127.0.0.1/");
    await expect(
      fakeNetwork([redirect("/")]).egress("https://example.com/", { redirect: "error" }),
    ).rejects.toMatchObject({
      code: "egress_too_many_redirects",
    });
  });

  it("without a Location are answers", async () => {
    const { egress } = fakeNetwork([new Response("choose", { status: 302 })]);
    expect(await (await egress("https://example.com/")).text()).toBe("choose");
  });

  it("tell where they ended", async () => {
    const response = await fakeNetwork([redirect("/end")]).egress("https://example.com/");
    expect([response.url, response.redirected]).toEqual(["https://example.com/end", true]);
  });
});

describe("requests", () => {
  it("lose hop-by-hop headers and those that name another host", async () => {
    const { egress, sent } = fakeNetwork();
    await egress("https://example.com/", {
      headers: { host: "127.0.0.1", "transfer-encoding": "chunked", upgrade: "websocket", accept: "a/b" },
    });
    expect(sent[0]?.headers).toEqual({ accept: "a/b", "user-agent": "weft" });
  });

  it("are bounded in the length of URL and headers", async () => {
    const { egress, sent } = fakeNetwork();
    await expect(egress(`https://example.com/${"a".repeat(17_000)}`)).rejects.toMatchObject({
      code: "egress_too_large",
    });
    await expect(egress(`https://example.com/${"é".repeat(6_000)}`)).rejects.toMatchObject({
      code: "egress_too_large",
    });
    await expect(egress("https://example.com/", { headers: { a: "a".repeat(70_000) } })).rejects.toMatchObject({
      code: "egress_too_large",
    });
    expect(sent).toEqual([]);
  });

  it("with malformed parts are refused without repeating them", async () => {
    const { egress } = fakeNetwork();
    const error = await egress("https://example.com/", { headers: { authorization: "Bearer canary\n1" } }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ code: "egress_invalid_request" });
    expect(String(error)).not.toContain("canary");
    for (const init of [{ method: "CONNECT" }, { method: "trace" }, { method: "A B" }, { method: "GET", body: "x" }]) {
      await expect(egress("https://example.com/", init)).rejects.toMatchObject({ code: "egress_invalid_request" });
    }
  });

  it("that fail say nothing of where", async () => {
    const egress = createEgress({
      allow: "",
      resolve: () => Promise.resolve(["93.184.216.34"]),
      rawFetch: () => Promise.reject(new TypeError("connect ECONNREFUSED 10.1.2.3:6379")),
    });
    const error = await egress("https://example.com/").catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "egress_network", retryable: true });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/10\.1\.2\.3|6379/);
  });

  it("never name the address or the target of a redirect in a refusal", async () => {
    const { egress } = fakeNetwork([redirect("http://hidden.example.com/")], { "hidden.example.com": ["10.9.8.7"] });
    const error = await egress("https://example.com/").catch((caught: unknown) => caught);
    expect(String(error)).not.toMatch(/10\.9\.8\.7|hidden/);
  });
});
