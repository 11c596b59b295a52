import { fetch as miniflareFetch, Response } from "miniflare";
import type { Request } from "miniflare";
import { allExampleCases } from "./all-example-cases.ts";
import type { WebAnswer } from "./example-cases.ts";

/**
 * The network that the examples' runs meet: the pages of the case files, and the fake language model where OpenAI would be. It stands
 * behind the Worker's `fetch`, so that the agent files keep their public addresses and all of egress runs.
 */

/** An address of the public internet; nothing connects to it. */
const PUBLIC_ADDRESS = "1.1.1.1";
const NXDOMAIN = 3;
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);
const RESOLVER = "cloudflare-dns.com";
const MODEL_HOST = "api.openai.com";

/**
 * The outbound service of the Worker under test: all of the internet that its tests see. Names that no case file knows do not exist;
 * servers on this machine are reached as ever.
 */
export function exampleNetwork(fakeLlm: string): (request: Request) => Promise<Response> {
  const pages = new Map<string, WebAnswer>();
  for (const page of allExampleCases().flatMap(({ web = [] }) => web)) {
    if (pages.has(page.url)) {
      throw new Error(`Two case files answer ${page.url}.`);
    }
    pages.set(page.url, page);
  }
  const hosts = new Set([MODEL_HOST, ...[...pages.keys()].map((url) => new URL(url).hostname)]);
  return async (request) => {
    const url = new URL(request.url);
    const page = request.method === "GET" ? pages.get(request.url) : undefined;
    if (page !== undefined) {
      return new Response(page.json === undefined ? (page.text ?? "") : JSON.stringify(page.json), {
        status: page.status ?? 200,
        headers: { "content-type": page.json === undefined ? "text/html" : "application/json", ...page.headers },
      });
    }
    if (url.hostname === RESOLVER) {
      return Response.json(resolve(url.searchParams, hosts));
    }
    if (url.hostname === MODEL_HOST) {
      const body = request.body === null ? null : await request.arrayBuffer();
      return miniflareFetch(`${fakeLlm}${url.pathname}`, { method: request.method, headers: request.headers, body });
    }
    return LOOPBACK.has(url.hostname) ? miniflareFetch(request) : new Response("", { status: 502 });
  };
}

/** What a resolver that speaks application/dns-json answers. */
function resolve(question: URLSearchParams, hosts: ReadonlySet<string>): object {
  if (!hosts.has(question.get("name") ?? "")) {
    return { Status: NXDOMAIN };
  }
  return { Status: 0, Answer: question.get("type") === "1" ? [{ type: 1, TTL: 60, data: PUBLIC_ADDRESS }] : [] };
}
