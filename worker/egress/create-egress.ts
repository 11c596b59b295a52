import type { EgressInit } from "#blocks/net/egress-init.ts";
import { cappedResponse } from "./capped-response.ts";
import { EgressError, toEgressError } from "./egress-error.ts";
import { followAll } from "./follow-all.ts";
import { capsOf, createGuard, timedOut } from "./guard.ts";
import type { EgressOptions, Guard } from "./guard.ts";
import type { Hop } from "./redirect.ts";
import { parseTarget, requestHeaders, requestMethod } from "./target.ts";

type FetchInput = Parameters<typeof fetch>[0];

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
  return guardedFetch(createGuard(options));
}

export function guardedFetch(guard: Guard): typeof fetch {
  const egress = (input: FetchInput, init: EgressInit = {}): Promise<Response> => run(guard, input, init);
  return egress as typeof fetch;
}

async function run(guard: Guard, input: FetchInput, init: EgressInit): Promise<Response> {
  const callerSignal = init.signal ?? (input instanceof Request ? input.signal : undefined);
  callerSignal?.throwIfAborted();
  const timeout = new AbortController();
  const { timeoutMs, maxBytes } = capsOf(guard, init.egress);
  const timer = setTimeout(() => {
    timeout.abort(timedOut(timeoutMs));
  }, timeoutMs);
  const signal = callerSignal ? AbortSignal.any([callerSignal, timeout.signal]) : timeout.signal;
  const done = (): void => {
    clearTimeout(timer);
  };
  try {
    const first = await firstHop(input, init);
    const { response, url, redirected, method } = await followAll(guard, first, init.redirect ?? "follow", signal);
    return await cappedResponse(response, { maxBytes, method, url: url.href, redirected, signal, done });
  } catch (error) {
    done();
    throw signal.aborted ? signal.reason : toEgressError(error);
  }
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
  return { url, method, headers: requestHeaders(init.headers ?? request?.headers), body };
}
