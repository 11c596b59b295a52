import { EgressError } from "./egress-error.ts";
import type { HeaderMap } from "./target.ts";

/** One request on its way, with everything needed to send it again elsewhere. */
export interface Hop {
  url: URL;
  method: string;
  headers: HeaderMap;
  body: NonNullable<RequestInit["body"]> | null;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * All that may follow a request to another origin. A list of what is harmless, since a key can travel in a header of any name
 * (Authorization, Cookie, Proxy-Authorization, X-API-Key, PRIVATE-TOKEN, …).
 */
const CROSS_ORIGIN_HEADERS: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "accept-encoding",
  "cache-control",
  "content-type",
  "content-language",
  "content-encoding",
  "idempotency-key",
  "if-modified-since",
  "if-none-match",
  "pragma",
  "range",
  "user-agent",
]);

const BODY_HEADERS = ["content-type", "content-language", "content-encoding", "content-location", "content-length"];

/** Where an answer redirects to, or undefined when it is not a redirect. */
export function redirectLocation(response: Response): string | undefined {
  return REDIRECTS.has(response.status) ? (response.headers.get("location") ?? undefined) : undefined;
}

/**
 * The request that follows a redirect of `status` to `url` (fetch standard, "HTTP-redirect fetch"): POST becomes GET on 301 and 302,
 * all but GET and HEAD on 303, and loses its body; 307 and 308 keep both. Throws EgressError `egress_redirect_body` when a
 * stream would have to be sent twice.
 */
export function followRedirect(hop: Hop, status: number, url: URL): Hop {
  const dropped = new Set<string>();
  const toGet = status === 303 ? hop.method !== "GET" && hop.method !== "HEAD" : status < 303 && hop.method === "POST";
  if (toGet) {
    for (const name of BODY_HEADERS) {
      dropped.add(name);
    }
  } else if (hop.body instanceof ReadableStream) {
    throw new EgressError(
      "egress_redirect_body",
      "The server redirects the request and wants its body again, which was streamed. Ask for the final address directly.",
    );
  }
  if (url.origin !== hop.url.origin) {
    for (const name of Object.keys(hop.headers)) {
      if (!CROSS_ORIGIN_HEADERS.has(name)) {
        dropped.add(name);
      }
    }
  }
  const headers = Object.create(null) as HeaderMap;
  for (const [name, value] of Object.entries(hop.headers)) {
    if (!dropped.has(name)) {
      headers[name] = value;
    }
  }
  return { url, method: toGet ? "GET" : hop.method, headers, body: toGet ? null : hop.body };
}
