import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EgressInit } from "#blocks/net/egress-init.ts";
import { createEgress } from "./create-egress.ts";

/** The real `fetch` over real sockets, towards servers on this machine that the allow-list opens. */
const routes = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
const servers: Server[] = [];
let home = "";
let other = "";
let closedToUs = "";
const seen: { url: string; headers: IncomingMessage["headers"]; method: string; body: string }[] = [];

async function listen(): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const url = `http://${request.headers.host}${request.url}`;
      seen.push({ url, headers: request.headers, method: request.method ?? "", body: Buffer.concat(parts).toString() });
      const route = routes.get(request.url ?? "");
      if (route === undefined) {
        response.end("ok");
      } else {
        route(request, response);
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  [home, other, closedToUs] = await Promise.all([listen(), listen(), listen()]);
});

afterAll(async () => {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        }),
    ),
  );
});

function egressOf(options: { maxBytes?: number; timeoutMs?: number } = {}): typeof fetch {
  return createEgress({ allow: `${home},${other}`, ...options });
}

describe("over real connections", () => {
  it.each([301, 302, 303, 307, 308])("follows %i between origins without the credentials", async (status) => {
    routes.set("/go", (_, response) => response.writeHead(status, { location: `http://${other}/landed` }).end());
    seen.length = 0;
    const response = await egressOf()(`http://${home}/go`, {
      method: "POST",
      body: "payload",
      headers: { authorization: "Bearer s", cookie: "a=b", "x-api-key": "s", "content-type": "text/plain" },
    });
    expect(await response.text()).toBe("ok");
    expect(response.url).toBe(`http://${other}/landed`);
    const [first, second] = seen;
    expect(first?.headers).toMatchObject({ authorization: "Bearer s", cookie: "a=b", "x-api-key": "s" });
    expect(second).toMatchObject({
      url: `http://${other}/landed`,
      method: status < 307 ? "GET" : "POST",
      body: status < 307 ? "" : "payload",
    });
    for (const name of ["authorization", "cookie", "x-api-key"]) {
      expect(second?.headers).not.toHaveProperty(name);
    }
  });

  it("reaches no server that the allow-list leaves out, directly or by a redirect", async () => {
    routes.set("/inside", (_, response) => response.writeHead(302, { location: `http://${closedToUs}/secret` }).end());
    seen.length = 0;
    await expect(egressOf()(`http://${home}/inside`)).rejects.toMatchObject({ code: "egress_blocked_address" });
    await expect(egressOf()(`http://${closedToUs}/secret`)).rejects.toMatchObject({ code: "egress_blocked_address" });
    expect(seen.map((request) => request.url)).toEqual([`http://${home}/inside`]);
  });

  it("passes status, headers and content type through", async () => {
    routes.set("/teapot", (_, response) =>
      response
        .writeHead(418, "Short and stout", {
          "content-type": "text/x-tea; charset=latin1",
          "set-cookie": ["a=1", "b=2"],
        })
        .end("tea"),
    );
    const response = await egressOf()(`http://${home}/teapot`);
    expect([response.status, response.statusText, response.ok]).toEqual([418, "Short and stout", false]);
    expect(response.headers.get("content-type")).toBe("text/x-tea; charset=latin1");
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("answers HEAD and 204 without a body", async () => {
    routes.set("/big", (_, response) => response.writeHead(200, { "content-length": "99999999" }).end());
    routes.set("/none", (_, response) => response.writeHead(204).end());
    expect(
      (await egressOf({ maxBytes: 10 })(`http://${home}/big`, { method: "HEAD" })).headers.get("content-length"),
    ).toBe("99999999");
    expect((await egressOf()(`http://${home}/none`)).body).toBeNull();
  });
});

describe("the cap on size", () => {
  it("refuses an announced size at once", async () => {
    routes.set("/sized", (_, response) => response.end("x".repeat(1001)));
    await expect(egressOf({ maxBytes: 1000 })(`http://${home}/sized`)).rejects.toMatchObject({
      code: "egress_too_large",
    });
    expect((await (await egressOf({ maxBytes: 1001 })(`http://${home}/sized`)).text()).length).toBe(1001);
  });

  it("cuts a stream that goes on for ever, and hangs up", async () => {
    let closed: () => void = () => undefined;
    const hungUp = new Promise<void>((resolve) => {
      closed = resolve;
    });
    routes.set("/endless", (_, response) => {
      response.writeHead(200);
      const write = (): void => {
        while (!response.destroyed && response.write("x".repeat(1000)));
      };
      response.on("drain", write).on("close", closed);
      write();
    });
    const response = await egressOf({ maxBytes: 50_000 })(`http://${home}/endless`);
    await expect(response.text()).rejects.toMatchObject({ code: "egress_too_large" });
    await hungUp;
  });

  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
  ] as const)("counts what %s unpacks to", async (encoding, pack) => {
    const bomb = pack(Buffer.alloc(20_000_000));
    routes.set("/bomb", (_, response) => response.writeHead(200, { "content-encoding": encoding }).end(bomb));
    expect(bomb.length).toBeLessThan(50_000);
    const response = await egressOf({ maxBytes: 1_000_000 })(`http://${home}/bomb`);
    await expect(response.arrayBuffer()).rejects.toMatchObject({ code: "egress_too_large" });
    const whole = await egressOf({ maxBytes: 20_000_000 })(`http://${home}/bomb`);
    expect(whole.headers.has("content-encoding")).toBe(false);
    expect((await whole.arrayBuffer()).byteLength).toBe(20_000_000);
  });

  it("can be lowered by the caller, never raised", async () => {
    routes.set("/sized", (_, response) => response.end("x".repeat(500)));
    const lower: EgressInit = { egress: { maxBytes: 100 } };
    const higher: EgressInit = { egress: { maxBytes: 10_000 } };
    await expect(egressOf()(`http://${home}/sized`, lower)).rejects.toMatchObject({ code: "egress_too_large" });
    await expect(egressOf({ maxBytes: 400 })(`http://${home}/sized`, higher)).rejects.toMatchObject({
      code: "egress_too_large",
    });
  });
});

/** Too large to be read before the caller asks for it. */
const LARGE = 1_000_000;

/** Announces a body and never comes to its end. */
function half(length: number): RequestListener {
  return (_, response) => {
    response.writeHead(200, { "content-length": String(length) });
    response.write("half");
  };
}

describe("time", () => {
  it("runs out before the answer", async () => {
    routes.set("/never", () => undefined);
    await expect(egressOf({ timeoutMs: 50 })(`http://${home}/never`)).rejects.toMatchObject({
      code: "egress_timeout",
      retryable: true,
    });
    const hurry: EgressInit = { egress: { timeoutMs: 50 } };
    await expect(egressOf()(`http://${home}/never`, hurry)).rejects.toMatchObject({ code: "egress_timeout" });
  });

  it("runs out within the body", async () => {
    routes.set("/half", half(LARGE));
    const response = await egressOf({ timeoutMs: 300 })(`http://${home}/half`);
    await expect(response.text()).rejects.toMatchObject({ code: "egress_timeout" });
    routes.set("/half", half(10));
    await expect(egressOf({ timeoutMs: 300 })(`http://${home}/half`)).rejects.toMatchObject({ code: "egress_timeout" });
  });

  it("runs out while the name is resolved", async () => {
    const egress = createEgress({ allow: "", timeoutMs: 50, resolve: () => new Promise(() => undefined) });
    await expect(egress("https://example.com/")).rejects.toMatchObject({ code: "egress_timeout" });
  });

  it("ends with the caller's abort, for the caller's reason", async () => {
    const reason = new Error("cancelled by a person");
    await expect(egressOf()(`http://${home}/`, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    const before = new AbortController();
    routes.set("/never", () => {
      before.abort(reason);
    });
    await expect(egressOf()(`http://${home}/never`, { signal: before.signal })).rejects.toBe(reason);

    const within = new AbortController();
    routes.set("/half", half(LARGE));
    const response = await egressOf()(`http://${home}/half`, { signal: within.signal });
    const reading = response.text();
    within.abort(reason);
    await expect(reading).rejects.toBe(reason);

    const small = new AbortController();
    routes.set("/half", (request, answer) => {
      half(10)(request, answer);
      setImmediate(() => small.abort(reason));
    });
    await expect(egressOf()(`http://${home}/half`, { signal: small.signal })).rejects.toBe(reason);
  });
});

describe("broken servers", () => {
  it("that hang up are a network error", async () => {
    routes.set("/gone", (request) => request.socket.destroy());
    await expect(egressOf()(`http://${home}/gone`)).rejects.toMatchObject({ code: "egress_network" });
    const cut =
      (length: number): RequestListener =>
      (request, response) => {
        response.writeHead(200, { "content-length": String(length) });
        response.write("half", () => request.socket.destroy());
      };
    routes.set("/cut", cut(LARGE));
    const response = await egressOf()(`http://${home}/cut`);
    await expect(response.text()).rejects.toMatchObject({ code: "egress_network" });
    routes.set("/cut", cut(10));
    await expect(egressOf()(`http://${home}/cut`)).rejects.toMatchObject({ code: "egress_network" });
  });

  it("with a status outside HTTP are a network error", async () => {
    routes.set("/999", (_, response) => response.writeHead(999).end("go away"));
    await expect(egressOf()(`http://${home}/999`)).rejects.toMatchObject({ code: "egress_network" });
  });
});
