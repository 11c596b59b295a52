import type { EgressInit } from "#blocks/net/egress-init.ts";
import { AllowList } from "./allow-list.ts";
import { cappedResponse } from "./capped-response.ts";
import { EgressError } from "./egress-error.ts";
import { isPrivateName } from "./private-name.ts";
import { addressOf, isPublicAddress } from "./public-address.ts";
import { followRedirect, redirectLocation } from "./redirect.ts";
import type { Hop } from "./redirect.ts";
import { dnsOverHttps, ResolverUnavailable } from "./resolve-host.ts";
import type { ResolveHost } from "./resolve-host.ts";
import { canonicalHost, isBadPort, parseTarget, portOf, requestHeaders } from "./target.ts";
import { untilAborted } from "./until-aborted.ts";

export interface EgressOptions {
  /** WEFT_EGRESS_ALLOW: private `host[:port],…` that may be reached (see `AllowList.parse`). */
  allow: string;
  /** What sends the requests. Default the platform's `fetch`. */
  rawFetch?: typeof fetch;
  /** Default DNS over HTTPS (see `dnsOverHttps`), sent with `rawFetch`. */
  resolve?: ResolveHost;
  /**
   * What becomes of a name that nobody can be asked about. `try` (default) sends the request, which fails by itself where there is
   * no network; `refuse` is for machines on which names resolve without the resolver.
   */
  resolverUnavailable?: "try" | "refuse";
  /** Largest answer, bytes after decompression. Default 50 MB. */
  maxBytes?: number;
  /** Time for one call with all its redirects and its body, ms. Default 60,000. */
  timeoutMs?: number;
}

const DEFAULT_MAX_BYTES = 50_000_000;
const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_TIMEOUT_MS = 600_000;
const MAX_REDIRECTS = 10;

type FetchInput = Parameters<typeof fetch>[0];

/** `RequestInit` with what only some platforms declare. */
type RawInit = RequestInit & { duplex?: "half" };

interface Guard {
  allow: AllowList;
  rawFetch: typeof fetch;
  resolve: ResolveHost;
  resolverUnavailable: "try" | "refuse";
  maxBytes: number;
  timeoutMs: number;
}

/**
 * The one guarded `fetch`, for blocks and for the clients of model providers. Besides `fetch`'s own arguments it takes `EgressInit`.
 *
 * - http and https only; no user name or password in the URL; no port of a service that is not HTTP.
 * - No host but public ones: addresses in any written form, names that look private, and names of which any resolved
 *   address is not public are `egress_blocked_address`, unless `allow` has exactly that host (and port).
 * - At most 10 redirects, each checked like the first request. To another origin no header follows that could be a credential.
 *   `redirect: "error"` and `"manual"` work as in `fetch`.
 * - Caps on time, URL, headers and the answer's size after decompression; a stream that passes a cap errors while it is read.
 * - Every failure is an `EgressError`, except that an abort by the caller rejects with the caller's reason.
 *
 * **What it cannot promise.** A Worker's `fetch` takes a name and resolves it itself, so the checked address cannot be pinned: a name
 * that answers this check with a public address and the connection, moments later, with a private one gets through the check. On
 * Cloudflare's network such a request cannot reach anything private, because the platform refuses it (with
 * `global_fetch_strictly_public` also towards the own zone). On the embedded runtime only a network configuration that allows no private
 * addresses closes this. The same holds for names when no resolver can be reached and `resolverUnavailable` is `try`.
 */
export function createEgress(options: EgressOptions): typeof fetch {
  const rawFetch: typeof fetch = options.rawFetch ?? ((input, init) => fetch(input, init));
  const guard: Guard = {
    allow: AllowList.parse(options.allow),
    rawFetch,
    resolve: options.resolve ?? dnsOverHttps({ rawFetch, now: Date.now }),
    resolverUnavailable: options.resolverUnavailable ?? "try",
    maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  };
  const egress = (input: FetchInput, init: EgressInit = {}): Promise<Response> => run(guard, input, init);
  return egress as typeof fetch;
}

async function run(guard: Guard, input: FetchInput, init: EgressInit): Promise<Response> {
  const callerSignal = init.signal ?? (input instanceof Request ? input.signal : undefined);
  callerSignal?.throwIfAborted();
  const timeout = new AbortController();
  const timeoutMs = Math.min(init.egress?.timeoutMs ?? guard.timeoutMs, MAX_TIMEOUT_MS);
  const timer = setTimeout(() => {
    timeout.abort(new EgressError("egress_timeout", `The request took longer than ${timeoutMs / 1000} s.`));
  }, timeoutMs);
  const signal = callerSignal ? AbortSignal.any([callerSignal, timeout.signal]) : timeout.signal;
  const done = (): void => {
    clearTimeout(timer);
  };
  try {
    const first = await firstHop(input, init);
    const { response, url, redirected, method } = await followAll(guard, first, init.redirect ?? "follow", signal);
    const maxBytes = Math.min(init.egress?.maxBytes ?? guard.maxBytes, guard.maxBytes);
    return await cappedResponse(response, { maxBytes, method, url: url.href, redirected, signal, done });
  } catch (error) {
    done();
    throw signal.aborted ? signal.reason : toEgressError(error);
  }
}

/** Platform errors may name the address that was tried, so none of their text is kept. */
function toEgressError(error: unknown): EgressError {
  return error instanceof EgressError
    ? error
    : new EgressError(
        "egress_network",
        "No answer: the server cannot be reached, or the connection broke. Check the address and try again.",
      );
}

async function firstHop(input: FetchInput, init: EgressInit): Promise<Hop> {
  const request = input instanceof Request ? input : undefined;
  const url = parseTarget(request === undefined ? String(input) : request.url);
  const method = requestMethod(init.method ?? request?.method ?? "GET");
  const ownBody = request?.body && init.body === undefined ? await request.arrayBuffer() : null;
  const body = init.body ?? ownBody;
  if (body !== null && (method === "GET" || method === "HEAD")) {
    throw new EgressError("egress_invalid_request", `A ${method} request cannot have a body.`);
  }
  const headers = requestHeaders(init.headers ?? request?.headers);
  if (!headers.has("user-agent")) {
    headers.set("user-agent", "weft");
  }
  return { url, method, headers, body };
}

function requestMethod(text: string): string {
  const method = text.toUpperCase();
  if (!/^[A-Z]{1,20}$/.test(method) || method === "CONNECT" || method === "TRACE" || method === "TRACK") {
    throw new EgressError("egress_invalid_request", "This HTTP method cannot be sent.");
  }
  return method;
}

interface Landed {
  response: Response;
  url: URL;
  redirected: boolean;
  method: string;
}

async function followAll(
  guard: Guard,
  first: Hop,
  mode: RequestInit["redirect"],
  signal: AbortSignal,
): Promise<Landed> {
  let hop = first;
  for (let redirects = 0; ; redirects += 1) {
    await checkHost(guard, hop.url, signal);
    const response = await send(guard, hop, signal);
    const location = mode === "manual" ? undefined : redirectLocation(response);
    if (location === undefined) {
      return { response, url: hop.url, redirected: redirects > 0, method: hop.method };
    }
    await response.body?.cancel();
    if (mode === "error") {
      throw new EgressError(
        "egress_too_many_redirects",
        "The server redirects, and this request must not be redirected.",
      );
    }
    if (redirects === MAX_REDIRECTS) {
      throw new EgressError("egress_too_many_redirects", `The server redirected more than ${MAX_REDIRECTS} times.`);
    }
    hop = followRedirect(hop, response.status, parseTarget(location, hop.url));
  }
}

async function send(guard: Guard, hop: Hop, signal: AbortSignal): Promise<Response> {
  const init: RawInit = { method: hop.method, headers: hop.headers, redirect: "manual", signal };
  if (hop.body !== null) {
    init.body = hop.body;
  }
  if (hop.body instanceof ReadableStream) {
    init.duplex = "half";
  }
  return guard.rawFetch(hop.url.href, init);
}

/** Throws EgressError `egress_blocked_address` or `egress_dns` unless the request may go there. */
async function checkHost(guard: Guard, url: URL, signal: AbortSignal): Promise<void> {
  if (guard.allow.allows(url)) {
    return;
  }
  if (isBadPort(portOf(url))) {
    throw new EgressError(
      "egress_blocked_address",
      "Requests to this port are not allowed: it belongs to a service that is not HTTP.",
    );
  }
  const address = addressOf(url.hostname);
  if (address !== undefined) {
    if (!isPublicAddress(address)) {
      throw blocked();
    }
    return;
  }
  const name = canonicalHost(url);
  if (isPrivateName(name)) {
    throw blocked();
  }
  const addresses = await addressesOf(guard, name, signal);
  if (addresses === "unknown") {
    return;
  }
  if (addresses.length === 0) {
    throw new EgressError("egress_dns", "The host name does not resolve. Check its spelling.");
  }
  if (!addresses.every(isPublicAddress)) {
    throw blocked();
  }
}

function blocked(): EgressError {
  return new EgressError(
    "egress_blocked_address",
    "The request, or a redirect of it, goes to an address that is not on the public internet. " +
      "The owner of the deployment can allow a private host with WEFT_EGRESS_ALLOW=host:port.",
  );
}

async function addressesOf(guard: Guard, name: string, signal: AbortSignal): Promise<string[] | "unknown"> {
  try {
    return await untilAborted(guard.resolve(name), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ResolverUnavailable && guard.resolverUnavailable === "try") {
      return "unknown";
    }
    throw new EgressError("egress_dns", "The host name could not be checked, because no DNS resolver could be asked.");
  }
}
