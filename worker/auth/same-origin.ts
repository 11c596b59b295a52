/**
 * Whether a request that a cookie authenticates was made by a page of this site. Browsers send `Origin` with every
 * request that can change something and with every WebSocket handshake, and scripts cannot forge it; a request without
 * it is refused. Only the host is compared: behind a proxy that ends TLS the scheme seen here is not the browser's.
 */
export function isSameOrigin(request: Request): boolean {
  const origin = request.headers.get("origin");
  if (origin === null) {
    return false;
  }
  return URL.canParse(origin) && new URL(origin).host === new URL(request.url).host;
}

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** A cookie is enough only for reading; anything else, and a WebSocket, must come from a page of this site. */
export function needsSameOrigin(request: Request): boolean {
  return !SAFE_METHODS.has(request.method) || request.headers.get("upgrade") !== null;
}
