import { describe, expect, it } from "vitest";
import type { JsonObject } from "#graph/json.ts";
import { runBlock } from "../run-block.ts";
import { testContext, wholeBy } from "../test-context.testkit.ts";
import sendWebRequest from "./send-web-request.ts";

interface Sent {
  url: string;
  method: string;
  headers: Headers;
  body: string;
}

async function send(data: JsonObject, answer: Response = Response.json({}), retriesLeft = 0) {
  const sent: Sent[] = [];
  const { ctx } = testContext();
  const fetch: typeof ctx.fetch = async (input, init) => {
    const request = new Request(input, init);
    sent.push({ url: request.url, method: request.method, headers: request.headers, body: await request.text() });
    return answer;
  };
  const outputs: [string, unknown][] = [];
  for await (const output of runBlock(
    sendWebRequest,
    { input_default: {}, data: { url: "https://api.example.com/x", ...data } },
    { ...ctx, request: wholeBy(fetch), retriesLeft: (code) => (code === "http_busy" ? retriesLeft : 0) },
  )) {
    outputs.push(output);
  }
  return { sent: sent[0], outputs };
}

describe("what SendWebRequestBlock sends", () => {
  it("is JSON by default, with the execution's key against repetition", async () => {
    const { sent } = await send({ body: { a: [1, "é"] }, headers: { "X-Own": "1" } });
    expect(sent).toMatchObject({ method: "POST", body: '{"a":[1,"é"]}' });
    expect(sent?.headers.get("content-type")).toBe("application/json");
    expect(sent?.headers.get("x-own")).toBe("1");
    expect(sent?.headers.get("idempotency-key")).toBe("test-idempotency-key");
  });

  it("is a form when JSON is off", async () => {
    const { sent } = await send({
      json_format: false,
      body: { a: "1 & 2", list: ["x", 2], deep: { b: null }, none: null },
    });
    expect(sent?.body).toBe("a=1+%26+2&list=x&list=2&deep=%7B%22b%22%3Anull%7D&none=");
    expect(sent?.headers.get("content-type")).toBe("application/x-www-form-urlencoded");
  });

  it.each(["PUT", "PATCH", "DELETE"])("carries the key with %s", async (method) => {
    expect((await send({ method })).sent?.headers.get("idempotency-key")).toBe("test-idempotency-key");
  });

  it.each(["GET", "HEAD", "OPTIONS"])("carries no key with %s", async (method) => {
    expect((await send({ method }, new Response(null))).sent?.headers.has("idempotency-key")).toBe(false);
  });

  it("lets the person's own headers win", async () => {
    const headers = { "Idempotency-Key": "mine", "content-type": "application/merge-patch+json", accept: "text/plain" };
    const { sent } = await send({ method: "PATCH", headers, body: { a: 1 } });
    expect(sent?.headers.get("idempotency-key")).toBe("mine");
    expect(sent?.headers.get("content-type")).toBe("application/merge-patch+json");
    expect(sent?.headers.get("accept")).toBe("text/plain");
  });

  it("keeps a field that is named __proto__", async () => {
    const body = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}') as JsonObject;
    expect((await send({ body })).sent?.body).toBe('{"__proto__":{"polluted":1},"constructor":2}');
    expect((await send({ body, json_format: false })).sent?.body).toBe(
      "__proto__=%7B%22polluted%22%3A1%7D&constructor=2",
    );
  });

  it("has no malformed header, and the error does not repeat its value", async () => {
    const error: unknown = await send({ headers: { authorization: "Bearer canary\nx" } }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ code: "invalid_header" });
    expect(String(error)).not.toContain("canary");
  });

  it("takes a GET with an empty body", async () => {
    expect((await send({ method: "GET", body: {} })).outputs).toEqual([["response", {}]]);
  });
});

describe("what SendWebRequestBlock gives", () => {
  const typed = (body: string | Uint8Array<ArrayBuffer>, type: string, status = 200) =>
    new Response(body, { status, headers: { "content-type": type } });

  it.each([
    [200, "response"],
    [201, "response"],
    [299, "response"],
    [304, "response"],
    [400, "client_error"],
    [499, "client_error"],
    [500, "server_error"],
    [599, "server_error"],
  ])("has a pin for the status %i", async (status, pin) => {
    const { outputs } = await send(
      {},
      new Response(status === 304 ? null : '"x"', { status, headers: { "content-type": "application/json" } }),
    );
    expect(outputs).toEqual([[pin, status === 304 ? null : "x"]]);
  });

  it.each([
    ["application/json; charset=utf-8", '{"a":1}', { a: 1 }],
    ["application/problem+json", '{"a":1}', { a: 1 }],
    ["application/json", "<html>broken</html>", "<html>broken</html>"],
    ["application/json", "", null],
    ["text/html", "<p>", "<p>"],
    ["text/plain", '{"a":1}', '{"a":1}'],
    ["application/xml", "<a/>", "<a/>"],
    ["image/svg+xml", "<svg/>", "<svg/>"],
    ["application/x-ndjson", "1\n2", "1\n2"],
  ])("reads %s", async (type, body, value) => {
    expect((await send({}, typed(body, type))).outputs).toEqual([["response", value]]);
  });

  it("reads other charsets", async () => {
    expect((await send({}, typed(new Uint8Array([0xe9]), 'text/plain; charset="iso-8859-1"'))).outputs).toEqual([
      ["response", "é"],
    ]);
    expect((await send({}, typed(new Uint8Array([0xc3, 0xa9]), "text/plain; charset=nonsense"))).outputs).toEqual([
      ["response", "é"],
    ]);
  });

  it("gives anything else as a data URI", async () => {
    const bytes = Uint8Array.from({ length: 70_001 }, (_, index) => index % 256);
    const { outputs } = await send({}, typed(bytes, "image/png"));
    const text = String(outputs[0]?.[1]);
    expect(text.slice(0, 22)).toBe("data:image/png;base64,");
    expect(Buffer.from(text.slice(22), "base64").equals(Buffer.from(bytes))).toBe(true);
  });

  it("keeps a key of the answer that is named __proto__", async () => {
    const { outputs } = await send({}, typed('{"__proto__": {"polluted": true}}', "application/json"));
    expect(JSON.stringify(outputs[0]?.[1])).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("a busy server", () => {
  const busy = (status: number): Response =>
    new Response("later", { status, headers: { "content-type": "text/plain", "retry-after": "7" } });

  it.each([
    [429, "POST"],
    [503, "POST"],
    [503, "GET"],
    [502, "GET"],
    [504, "PUT"],
    [504, "DELETE"],
  ])(
    "that answers %i to %s is asked again while the policy has attempts left, when it says",
    async (status, method) => {
      const error: unknown = await send({ method }, busy(status), 1).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "http_busy", retryable: true, retryAfterMs: 7_000 });
    },
  );

  it.each([
    [502, "POST"],
    [504, "PATCH"],
    [500, "GET"],
    [408, "GET"],
  ])("that answers %i to %s has answered", async (status, method) => {
    const pin = status < 500 ? "client_error" : "server_error";
    expect((await send({ method }, busy(status), 1)).outputs).toEqual([[pin, "later"]]);
  });

  it("gives its answer at the last attempt", async () => {
    expect((await send({ method: "GET" }, busy(429), 0)).outputs).toEqual([["client_error", "later"]]);
  });
});
