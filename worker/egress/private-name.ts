/**
 * Top-level and other suffixes that never stand for a public host: reserved by RFC 6761, 6762, 7686, 8375 and 9476, held back
 * by ICANN because private networks use them (`home`, `corp`, `mail`, `internal`), or customary in such networks.
 */
const PRIVATE_SUFFIXES: ReadonlySet<string> = new Set([
  "localhost",
  "local",
  "localdomain",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "mail",
  "test",
  "invalid",
  "onion",
  "alt",
  "home.arpa",
  "in-addr.arpa",
  "ip6.arpa",
]);

/**
 * Whether a host name belongs to a private network by its look alone: no dot in it, or under a private suffix.
 * Takes the name without its trailing dot, in lower case.
 */
export function isPrivateName(name: string): boolean {
  const labels = name.split(".");
  if (labels.length < 2 || labels.some((label) => label === "")) {
    return true;
  }
  return PRIVATE_SUFFIXES.has(labels.slice(-1).join(".")) || PRIVATE_SUFFIXES.has(labels.slice(-2).join("."));
}
