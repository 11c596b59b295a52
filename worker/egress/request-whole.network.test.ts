import { createServer } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Cancellation } from "#blocks/cancellation.ts";
import type { WholeAnswer, WholeRequest } from "#blocks/define-block.ts";
import { systemClock } from "#worker/consumers/clock.ts";
import { BLOCKED_URLS, INVALID_URLS, WRONG_SCHEMES } from "./forbidden-urls.testkit.ts";
import { createGuard } from "./guard.ts";
import type { EgressOptions } from "./guard.ts";
import { requestWhole } from "./request-whole.ts";

/** The real `fetch` over real sockets, towards a server on this machine that the allow-list opens. */
let route: RequestListener = (_, response) => response.end("ok");
const seen: { url: string; headers: IncomingMessage["headers"]; method: string; body: string; raw: string[] }[] = [];
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const { url = "", headers, method = "" } = request;
    seen.push({ url, headers, method, body: Buffer.concat(parts).toString(), raw: request.rawHeaders });
    route(request, response);
  });
});
let home = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  home = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  seen.length = 0;
  route = (_, response) => response.end("ok");
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

interface Asked extends WholeRequest {
  url?: string;
  cancellation?: Cancellation;
}

let underWay = 0;

async function ask(
  { url = `http://${home}/`, cancellation = new Cancellation(), ...request }: Asked = {},
  options: Partial<EgressOptions> = {},
): Promise<WholeAnswer> {
  const owner = {
    cancellation,
    after: (ms: number, work: () => void) => {
      underWay += 1;
      const callOff = systemClock.after(ms, work);
      return () => {
        underWay -= 1;
        callOff();
      };
    },
  };
  try {
    return await requestWhole(createGuard({ allow: home, ...options }), { ...request, url }, owner);
  } finally {
    expect(underWay).toBe(0);
  }
}

const textOf = ({ body }: WholeAnswer): string | null => (body === null ? null : new TextDecoder().decode(body));

describe("a request whose answer is read whole", () => {
  it("gives status, headers and body", async () => {
    route = (_, response) => response.writeHead(418, { "content-type": "text/x-tea" }).end("short and stout");
    const answer = await ask({ method: "post", body: "kettle", headers: { "X-Own": "1" } });
    expect([answer.status, answer.headers.get("content-type"), textOf(answer)]).toEqual([
      418,
      "text/x-tea",
      "short and stout",
    ]);
    expect(seen[0]).toMatchObject({ method: "POST", body: "kettle", headers: { "x-own": "1", "user-agent": "weft" } });
  });

  it("has no body where HTTP has none, and an empty one where it is empty", async () => {
    route = (_, response) => response.writeHead(200, { "content-length": "3" }).end();
    expect((await ask({ method: "HEAD" })).body).toBeNull();
    route = (_, response) => response.writeHead(204).end();
    expect((await ask()).body).toBeNull();
    route = (_, response) => response.writeHead(200, { "content-length": "0" }).end();
    expect(textOf(await ask())).toBe("");
    route = (_, response) => response.writeHead(200).end();
    expect(textOf(await ask())).toBe("");
  });

  it("does not read what is not wanted", async () => {
    let hungUp: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      hungUp = resolve;
    });
    route = (_, response) => {
      response.writeHead(503, { "retry-after": "7" });
      response.write("busy, and this never ends");
      response.on("close", hungUp);
    };
    const answer = await ask({ wants: (status) => status !== 503 });
    expect([answer.status, answer.headers.get("retry-after"), answer.body]).toEqual([503, "7", null]);
    await closed;
  });

  it.each(BLOCKED_URLS)("may not go to %s", async (url) => {
    await expect(ask({ url }, { allow: "" })).rejects.toMatchObject({ code: "egress_blocked_address" });
  });

  it.each([
    ...INVALID_URLS.map((url) => [url, "egress_invalid_request"]),
    ...WRONG_SCHEMES.map((url) => [url, "egress_scheme"]),
  ])("does not take %j", async (url, code) => {
    await expect(ask({ url })).rejects.toMatchObject({ code });
  });

  it("follows redirects, but not to where it may not go", async () => {
    route = (request, response) =>
      request.url === "/go" ? response.writeHead(307, { location: "/landed" }).end() : response.end("landed");
    expect(textOf(await ask({ url: `http://${home}/go`, method: "PUT", body: "x" }))).toBe("landed");
    expect(seen.map(({ url, method, body }) => [url, method, body])).toEqual([
      ["/go", "PUT", "x"],
      ["/landed", "PUT", "x"],
    ]);
    route = (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    await expect(ask()).rejects.toMatchObject({ code: "egress_blocked_address" });
  });
});

describe("its headers", () => {
  it("are the caller's, but for those that speak of the connection", async () => {
    await ask({ headers: { "X-Forwarded-Host": "evil", Connection: "close", "x-own": "a\tb", "User-Agent": "me/1" } });
    expect(seen[0]?.headers).toMatchObject({ "x-own": "a\tb", "user-agent": "me/1" });
    expect(seen[0]?.headers).not.toHaveProperty("x-forwarded-host");
    expect(seen[0]?.headers.host).toBe(home);
  });

  it("may be in Latin-1, be padded, or come in two spellings", async () => {
    await ask({ headers: { "x-latin": "caf\u00e9", "x-padded": "  a ", "X-Two": "1", "x-two": "2" } });
    expect(seen[0]?.headers).toMatchObject({ "x-latin": "caf\u00e9", "x-padded": "a", "x-two": "1, 2" });
  });

  it("may have a name that objects have too", async () => {
    const headers = JSON.parse('{"toString": "x", "constructor": "y"}') as Record<string, string>;
    await ask({ headers });
    expect(seen[0]?.raw).toEqual(expect.arrayContaining(["tostring", "x", "constructor", "y"]));
  });

  it.each([
    [{ "x y": "1" }, "egress_invalid_request"],
    [{ authorization: "Bearer canary\r\nx-injected: 1" }, "egress_invalid_request"],
    [{ x: "canary\u0000" }, "egress_invalid_request"],
    [{ x: "canary".repeat(20_000) }, "egress_too_large"],
  ])("are refused when they are malformed or too long (%#)", async (headers, code) => {
    const error: unknown = await ask({ headers: headers as unknown as Record<string, string> }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain("canary");
    expect(seen).toEqual([]);
  });
});

describe("its caps", () => {
  const LARGE = 1_000_000;

  it("hold for an announced size, a stream without end, and what gzip unpacks to", async () => {
    route = (_, response) => response.end("x".repeat(1001));
    await expect(ask({ maxBytes: 1000 })).rejects.toMatchObject({ code: "egress_too_large" });
    expect(textOf(await ask({ maxBytes: 1001 }))?.length).toBe(1001);
    await expect(ask({ maxBytes: 10_000 }, { maxBytes: 1000 })).rejects.toMatchObject({ code: "egress_too_large" });
    route = (_, response) => {
      response.writeHead(200);
      const write = (): void => {
        while (!response.destroyed && response.write("x".repeat(1000)));
      };
      response.on("drain", write);
      write();
    };
    await expect(ask({ maxBytes: LARGE })).rejects.toMatchObject({ code: "egress_too_large" });
    const bomb = gzipSync(Buffer.alloc(20 * LARGE));
    route = (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
    await expect(ask({ maxBytes: LARGE })).rejects.toMatchObject({ code: "egress_too_large" });
    expect((await ask({ maxBytes: 20 * LARGE })).body?.byteLength).toBe(20 * LARGE);
  });

  it.each([10, LARGE])("hold for the time of the answer and of a body of %i bytes", async (length) => {
    route = () => undefined;
    await expect(ask({ timeoutMs: 50 })).rejects.toMatchObject({ code: "egress_timeout", retryable: true });
    route = (_, response) => {
      response.writeHead(200, { "content-length": String(length) });
      response.write("half");
    };
    await expect(ask({}, { timeoutMs: 200 })).rejects.toMatchObject({ code: "egress_timeout" });
  });

  it("hold for the time in which a name is resolved", async () => {
    const resolve = (): Promise<never> => new Promise(() => undefined);
    const url = "https://example.com/";
    await expect(ask({ url, timeoutMs: 50 }, { resolve })).rejects.toMatchObject({ code: "egress_timeout" });
  });

  it.each([10, LARGE])("its owner's end is its end, for the owner's reason (%i bytes)", async (length) => {
    const reason = new Error("cancelled by a person");
    const before = new Cancellation();
    before.cancel(reason);
    await expect(ask({ cancellation: before })).rejects.toBe(reason);
    expect(seen).toEqual([]);

    const meanwhile = new Cancellation();
    route = () => meanwhile.cancel(reason);
    await expect(ask({ cancellation: meanwhile })).rejects.toBe(reason);

    const within = new Cancellation();
    route = (_, response) => {
      response.writeHead(200, { "content-length": String(length) });
      response.write("half");
      setTimeout(() => within.cancel(reason), 20);
    };
    await expect(ask({ cancellation: within })).rejects.toBe(reason);
  });

  it.each([10, LARGE])("a server that hangs up within %i bytes is a network error", async (length) => {
    route = (request, response) => {
      response.writeHead(200, { "content-length": String(length) });
      response.write("half", () => request.socket.destroy());
    };
    await expect(ask()).rejects.toMatchObject({ code: "egress_network" });
    route = (request) => request.socket.destroy();
    await expect(ask()).rejects.toMatchObject({ code: "egress_network" });
  });
});
