import ipaddr from "ipaddr.js";

/** Public by their range, yet answered by the machine that hosts the caller. */
const PLATFORM_ADDRESSES: ReadonlySet<string> = new Set([
  // The metadata and agent endpoint of Azure's virtual machines.
  "168.63.129.16",
]);

/** The only block that global unicast addresses have been given out of so far (IANA). */
const GLOBAL_UNICAST_V6: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];

/**
 * Whether `text` is the canonical form of an address on the public internet. Everything else is not: loopback, private, shared
 * (100.64/10), link-local, multicast, documentation, benchmarking and reserved ranges; in IPv6 also every form that
 * carries an IPv4 address inside (mapped, compatible, NAT64, 6to4, Teredo), since it may reach that address; and a zone.
 */
export function isPublicAddress(text: string): boolean {
  if (text.includes("%") || PLATFORM_ADDRESSES.has(text)) {
    return false;
  }
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    return ipaddr.IPv4.parse(text).range() === "unicast";
  }
  if (!ipaddr.IPv6.isValid(text)) {
    return false;
  }
  const address = ipaddr.IPv6.parse(text);
  return address.range() === "unicast" && address.match(GLOBAL_UNICAST_V6);
}

/** The address in a `URL.hostname` (IPv6 without its brackets), or undefined when it is a name. */
export function addressOf(hostname: string): string | undefined {
  if (hostname.startsWith("[") && hostname.endsWith("]")) {
    return hostname.slice(1, -1);
  }
  return ipaddr.IPv4.isValidFourPartDecimal(hostname) ? hostname : undefined;
}
