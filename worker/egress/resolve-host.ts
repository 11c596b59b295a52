/** The addresses of a name, IPv4 and IPv6. An empty list: the name has none. Throws `ResolverUnavailable` or anything when it cannot tell. */
export type ResolveHost = (name: string) => Promise<string[]>;

/** No resolver could be asked: nothing is known of the name. */
export class ResolverUnavailable extends Error {
  constructor() {
    super("The DNS-over-HTTPS resolver cannot be reached.");
    this.name = "ResolverUnavailable";
  }
}

export interface DnsOverHttpsOptions {
  /** Address of a resolver that answers `?name=&type=` with application/dns-json. Default Cloudflare's. */
  url?: string;
  rawFetch: typeof fetch;
  now: () => number;
}

const DEFAULT_RESOLVER = "https://cloudflare-dns.com/dns-query";
const TIMEOUT_MS = 5_000;
const MAX_CACHED_NAMES = 500;
/** The time in which an answer may be used again, whatever its TTL says. A longer one helps a name that changes its answer. */
const MIN_TTL_MS = 5_000;
const MAX_TTL_MS = 60_000;
const NXDOMAIN = 3;
const TYPE_A = 1;
const TYPE_AAAA = 28;

interface DnsJson {
  Status?: unknown;
  Answer?: unknown;
}

/**
 * Resolves names over HTTPS, since a Worker sees no DNS of its own: A and AAAA records, cached for their TTL within 5 to 60 s.
 * An answer other than NOERROR or NXDOMAIN is an empty list, which refuses the name: whoever runs its name server could give
 * that answer to this resolver and a private address to the network stack. Only a resolver out of reach is `ResolverUnavailable`.
 */
export function dnsOverHttps(options: DnsOverHttpsOptions): ResolveHost {
  const cache = new Map<string, { addresses: string[]; until: number }>();
  return async (name) => {
    const cached = cache.get(name);
    if (cached !== undefined && cached.until > options.now()) {
      return cached.addresses;
    }
    const [v4, v6] = await Promise.all([query(options, name, TYPE_A), query(options, name, TYPE_AAAA)]);
    if (v4 === "failed" || v6 === "failed") {
      return [];
    }
    const records = [...v4, ...v6];
    const ttlMs = Math.min(...records.map((record) => record.ttl * 1000), MAX_TTL_MS);
    const addresses = records.map((record) => record.address);
    cache.delete(name);
    cache.set(name, { addresses, until: options.now() + Math.max(ttlMs, MIN_TTL_MS) });
    const oldest = cache.keys().next();
    if (cache.size > MAX_CACHED_NAMES && oldest.done !== true) {
      cache.delete(oldest.value);
    }
    return addresses;
  };
}

interface AddressRecord {
  address: string;
  /** seconds */
  ttl: number;
}

async function query(options: DnsOverHttpsOptions, name: string, type: number): Promise<AddressRecord[] | "failed"> {
  const url = new URL(options.url ?? DEFAULT_RESOLVER);
  url.searchParams.set("name", name);
  url.searchParams.set("type", String(type));
  const answer = await ask(options.rawFetch, url);
  if (answer.Status === NXDOMAIN) {
    return [];
  }
  if (answer.Status !== 0) {
    return "failed";
  }
  const records = Array.isArray(answer.Answer) ? answer.Answer : [];
  return records.flatMap((record: { type?: unknown; data?: unknown; TTL?: unknown } | null) =>
    // The list also has the CNAME records on the way.
    record?.type === type && typeof record.data === "string"
      ? [{ address: record.data, ttl: typeof record.TTL === "number" ? record.TTL : 0 }]
      : [],
  );
}

async function ask(rawFetch: typeof fetch, url: URL): Promise<DnsJson> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await rawFetch(url.href, {
    headers: { accept: "application/dns-json" },
    redirect: "manual",
    signal,
  }).catch(() => {
    throw new ResolverUnavailable();
  });
  // The resolver is there but does not take the question: that says something of the name, so it counts as an answer.
  if (!response.ok) {
    await response.body?.cancel();
    return {};
  }
  const answer: unknown = await response.json().catch(() => ({}));
  return typeof answer === "object" && answer !== null ? answer : {};
}
