import { AllowList } from "./allow-list.ts";
import { EgressError } from "./egress-error.ts";
import { isPrivateName } from "./private-name.ts";
import { addressOf, isPublicAddress } from "./public-address.ts";
import { dnsOverHttps, ResolverUnavailable } from "./resolve-host.ts";
import type { ResolveHost } from "./resolve-host.ts";
import { canonicalHost, isBadPort, portOf } from "./target.ts";
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

/** What decides where requests may go and how much they may bring in. */
export interface Guard {
  allow: AllowList;
  rawFetch: typeof fetch;
  resolve: ResolveHost;
  resolverUnavailable: "try" | "refuse";
  maxBytes: number;
  timeoutMs: number;
}

export function createGuard(options: EgressOptions): Guard {
  const rawFetch: typeof fetch = options.rawFetch ?? ((input, init) => fetch(input, init));
  return {
    allow: AllowList.parse(options.allow),
    rawFetch,
    resolve: options.resolve ?? dnsOverHttps({ rawFetch, now: Date.now }),
    resolverUnavailable: options.resolverUnavailable ?? "try",
    maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  };
}

/** The caps of one call: what it asks for, within the deployment's. Time in ms, size in bytes. */
export function capsOf(
  guard: Guard,
  { timeoutMs, maxBytes }: { timeoutMs?: number; maxBytes?: number } = {},
): { timeoutMs: number; maxBytes: number } {
  return {
    timeoutMs: Math.min(timeoutMs ?? guard.timeoutMs, MAX_TIMEOUT_MS),
    maxBytes: Math.min(maxBytes ?? guard.maxBytes, guard.maxBytes),
  };
}

export function timedOut(timeoutMs: number): EgressError {
  return new EgressError("egress_timeout", `The request took longer than ${timeoutMs / 1000} s.`);
}

/** Throws EgressError `egress_blocked_address` or `egress_dns` unless the request may go there. */
export async function checkHost(guard: Guard, url: URL, signal: AbortSignal): Promise<void> {
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
