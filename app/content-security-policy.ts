/**
 * Pages run only scripts of their own origin or with this answer's nonce; no `eval`. Inline styles are allowed because Mantine and
 * the graph view place things with `style` attributes.
 */
export function contentSecurityPolicy(nonce: string, development: boolean): string {
  const scripts = development ? "'self' 'unsafe-inline'" : `'self' 'nonce-${nonce}'`;
  return [
    "default-src 'self'",
    `script-src ${scripts}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
