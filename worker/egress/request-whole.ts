import { Cancellation } from "#blocks/cancellation.ts";
import type { WholeAnswer, WholeRequest } from "#blocks/define-block.ts";
import { broken, cappedResponse, isShort } from "./capped-response.ts";
import { EgressError, toEgressError } from "./egress-error.ts";
import { followAll } from "./follow-all.ts";
import type { Landed } from "./follow-all.ts";
import { capsOf, timedOut } from "./guard.ts";
import type { Guard } from "./guard.ts";
import type { Hop } from "./redirect.ts";
import { parseTarget, requestHeaders, requestMethod } from "./target.ts";

/** Whose request it is. */
export interface RequestOwner {
  cancellation: Cancellation;
  /** Does `work` once, after `ms`. The answer calls it off. */
  after: (ms: number, work: () => void) => () => void;
}

/**
 * One guarded request (see `createEgress`), its answer read to the end. The same checks, caps and errors as the guarded `fetch`, with few objects of the
 * platform: those are most of what a short request costs. When its owner is cancelled it rejects with the reason.
 */
export async function requestWhole(
  guard: Guard,
  { url, ...request }: WholeRequest & { url: string },
  { cancellation, after }: RequestOwner,
): Promise<WholeAnswer> {
  cancellation.throwIfCancelled();
  const { timeoutMs, maxBytes } = capsOf(guard, request);
  const own = new Cancellation();
  const { signal } = own;
  const callOff = after(timeoutMs, () => own.cancel(timedOut(timeoutMs)));
  const ignore = cancellation.onCancel(() => own.cancel(cancellation.reason));
  try {
    const landed = await followAll(guard, hopOf(url, request), "follow", signal);
    const { status, headers } = landed.response;
    const body = bodyOf(landed, { wanted: request.wants?.(status) !== false, maxBytes, signal });
    return { status, headers, body: await own.orCancelled(body) };
  } catch (error) {
    throw own.cancelled ? own.reason : toEgressError(error);
  } finally {
    callOff();
    ignore();
  }
}

function hopOf(text: string, { method = "GET", headers = {}, body }: WholeRequest): Hop {
  const url = parseTarget(text);
  const hop = { url, method: requestMethod(method), headers: requestHeaders(headers), body: body ?? null };
  if (body !== undefined && (hop.method === "GET" || hop.method === "HEAD")) {
    throw new EgressError("egress_invalid_request", `A ${hop.method} request cannot have a body.`);
  }
  return hop;
}

async function bodyOf(
  { response, url, redirected, method }: Landed,
  { wanted, maxBytes, signal }: { wanted: boolean; maxBytes: number; signal: AbortSignal },
): Promise<ArrayBuffer | null> {
  if (!wanted) {
    response.body?.cancel().catch(() => undefined);
    return null;
  }
  if (isShort(response, { method, maxBytes })) {
    return response.arrayBuffer().catch(() => {
      throw broken();
    });
  }
  const done = (): void => undefined;
  const capped = await cappedResponse(response, { maxBytes, method, url: url.href, redirected, signal, done });
  return capped.body === null ? null : capped.arrayBuffer();
}
