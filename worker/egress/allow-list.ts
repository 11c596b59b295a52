import { canonicalHost, portOf } from "./target.ts";

interface Entry {
  host: string;
  /** Any, when absent. */
  port?: number;
}

/** Hosts that may be reached although they are private. Exact host names and addresses, no wildcards. */
export class AllowList {
  readonly #entries: readonly Entry[];

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /**
   * Reads `host[:port],…`, IPv6 in brackets, as in `localhost:11434, 192.168.1.5, [::1]:8080`.
   * Throws an Error that names the entry when one is not of that form: a slip here must not pass unseen.
   */
  static parse(text: string): AllowList {
    const entries = text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .map(parseEntry);
    return new AllowList(entries);
  }

  allows(url: URL): boolean {
    const host = canonicalHost(url);
    const port = portOf(url);
    return this.#entries.some((entry) => entry.host === host && (entry.port === undefined || entry.port === port));
  }
}

const ENTRY = /^(?<host>\[[0-9a-f:.]+\]|[^\s:/?#@\\[\]*]+)(?::(?<port>\d{1,5}))?$/i;

function parseEntry(text: string): Entry {
  const match = ENTRY.exec(text);
  const host = match?.groups?.host;
  const port = match?.groups?.port === undefined ? undefined : Number(match.groups.port);
  const url = host === undefined ? null : URL.parse(`http://${host}/`);
  if (url === null || (port !== undefined && (port < 1 || port > 65_535))) {
    throw new Error(
      `WEFT_EGRESS_ALLOW: "${text}" is not host[:port]. Write entries like localhost:11434, 192.168.1.5 or [::1]:8080, separated by commas.`,
    );
  }
  return { host: canonicalHost(url), ...(port === undefined ? {} : { port }) };
}
