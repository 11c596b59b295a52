import { EgressError } from "./egress-error.ts";
import { checkHost } from "./guard.ts";
import type { Guard } from "./guard.ts";
import { followRedirect, redirectLocation } from "./redirect.ts";
import type { Hop } from "./redirect.ts";
import { parseTarget } from "./target.ts";

const MAX_REDIRECTS = 10;

/** `RequestInit` with what only some platforms declare. */
type RawInit = RequestInit & { duplex?: "half" };

/** Where a request came to, after all redirects. */
export interface Landed {
  response: Response;
  url: URL;
  redirected: boolean;
  method: string;
}

/** Sends a request and follows where it is redirected to; each target is checked before. */
export async function followAll(
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
