import { EgressError } from "./egress-error.ts";

const MAX_URL_LENGTH = 16_384;

/** Longer than any header block that common servers take. In characters, names and values together. */
const MAX_HEADERS_LENGTH = 65_536;

/**
 * Ports of services that are not HTTP and that a request could be made to talk to: the fetch standard's list of bad ports.
 * Browsers and Node refuse them, workerd does not.
 */
const BAD_PORTS: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/**
 * Reads what a caller wants to fetch. The result's `href` is what must be fetched, so that this guard and the network stack
 * cannot read one text in two ways. `base` is where a redirect came from.
 * Throws EgressError `egress_invalid_request`, `egress_scheme` or `egress_too_large`.
 */
export function parseTarget(text: string, base?: URL): URL {
  if (text.length > MAX_URL_LENGTH) {
    throw new EgressError("egress_too_large", `The URL is longer than ${MAX_URL_LENGTH} characters.`);
  }
  // URL parsers drop tabs and newlines and turn backslashes before the query into slashes; others do not.
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text) || /^[^?#]*\\/.test(text)) {
    throw new EgressError(
      "egress_invalid_request",
      "The URL has control characters or a backslash in it. Encode them with %.",
    );
  }
  const url = URL.parse(text, base?.href);
  if (url === null) {
    throw new EgressError(
      "egress_invalid_request",
      "This is not a URL. Write it in full, like https://example.com/path.",
    );
  }
  return checkForm(url);
}

/** The rules on a URL that no host and no allow-list changes. Same errors as `parseTarget`. */
function checkForm(url: URL): URL {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new EgressError("egress_scheme", "Only http and https URLs can be fetched.");
  }
  if (url.username !== "" || url.password !== "") {
    throw new EgressError(
      "egress_invalid_request",
      "The URL has a user name or password in it. Send an Authorization header instead.",
    );
  }
  if (url.href.length > MAX_URL_LENGTH) {
    throw new EgressError("egress_too_large", `The URL is longer than ${MAX_URL_LENGTH} characters.`);
  }
  return url;
}

/** The host without the trailing dot that means the same in DNS and would slip past a comparison. */
export function canonicalHost(url: URL): string {
  return url.hostname.toLowerCase().replace(/\.$/, "");
}

export function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

export function isBadPort(port: number): boolean {
  return BAD_PORTS.has(port);
}

/** Throws EgressError `egress_invalid_request`. */
export function requestMethod(text: string): string {
  const method = text.toUpperCase();
  if (!/^[A-Z]{1,20}$/.test(method) || method === "CONNECT" || method === "TRACE" || method === "TRACK") {
    throw new EgressError("egress_invalid_request", "This HTTP method cannot be sent.");
  }
  return method;
}

/** Hop-by-hop headers, and those by which a request would claim another host or way than the checked one. */
const STRIPPED_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "keep-alive",
  "upgrade",
  "te",
  "trailer",
  "transfer-encoding",
  "proxy-connection",
  "content-length",
  "expect",
  "cf-connecting-ip",
  "cf-worker",
  "cf-ray",
  "x-forwarded-host",
]);

/** Headers by their names in small letters. Without a prototype, so that every name is only a name. */
export type HeaderMap = Record<string, string>;

/** What no runtime reads in two ways; anything else is left to the platform's own reading. */
const PLAIN_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PLAIN_VALUE = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/;

/**
 * A caller's headers, cleaned, with a `user-agent` if they have none. Throws EgressError `egress_too_large`, or `egress_invalid_request` when a name or value
 * is malformed.
 */
export function requestHeaders(init: ConstructorParameters<typeof Headers>[0] | Readonly<HeaderMap>): HeaderMap {
  const headers = plainHeaders(init) ?? readHeaders(init);
  let length = 0;
  for (const name of Object.keys(headers)) {
    if (STRIPPED_HEADERS.has(name)) {
      delete headers[name];
    } else {
      length += name.length + (headers[name]?.length ?? 0);
    }
  }
  if (length > MAX_HEADERS_LENGTH) {
    throw new EgressError(
      "egress_too_large",
      `The request's headers are longer than ${MAX_HEADERS_LENGTH} characters.`,
    );
  }
  headers["user-agent"] ??= "weft";
  return headers;
}

/** A plain object's headers without an object of the platform, which costs more than a short request's whole check; undefined when it is not that simple. */
function plainHeaders(init: ConstructorParameters<typeof Headers>[0]): HeaderMap | undefined {
  if (typeof init !== "object" || init === null || !isPlain(init)) {
    return undefined;
  }
  const headers = Object.create(null) as HeaderMap;
  for (const [name, value] of Object.entries(init)) {
    const lower = name.toLowerCase();
    if (!PLAIN_NAME.test(name) || typeof value !== "string" || !PLAIN_VALUE.test(value) || lower in headers) {
      return undefined;
    }
    headers[lower] = value;
  }
  return headers;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function readHeaders(init: ConstructorParameters<typeof Headers>[0]): HeaderMap {
  const headers = Object.create(null) as HeaderMap;
  try {
    new Headers(init).forEach((value, name) => {
      headers[name] = value;
    });
  } catch {
    // The platform's message repeats the header's value, which may be a key.
    throw new EgressError("egress_invalid_request", "A request header has a name or value that HTTP does not allow.");
  }
  return headers;
}
