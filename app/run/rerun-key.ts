/** The page's name for one rerun, so that a request whose answer was lost can be sent again without a second run. */
export const RERUN_KEY = /^[0-9a-f]{32}$/;

export function newRerunKey(): string {
  // Not randomUUID: browsers have it only where the page came by TLS or from this machine.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
