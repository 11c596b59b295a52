import { BlockError } from "#blocks/define-block.ts";

export type EgressErrorCode =
  /** A URL or header that is malformed, or that two parsers could read in two ways. */
  | "egress_invalid_request"
  /** Neither http nor https. */
  | "egress_scheme"
  /** The host, or an address that its name stands for, is not public and not in the allow-list; or the port is a service's own. */
  | "egress_blocked_address"
  /** The name does not exist, or its name server gave no usable answer. */
  | "egress_dns"
  | "egress_too_many_redirects"
  /** A redirect with 307 or 308 asks for a body again that was a stream. */
  | "egress_redirect_body"
  /** URL, headers, or the answer (decompressed) over the cap. */
  | "egress_too_large"
  | "egress_timeout"
  /** No connection, or it broke. */
  | "egress_network";

const RETRYABLE: ReadonlySet<EgressErrorCode> = new Set<EgressErrorCode>([
  "egress_dns",
  "egress_timeout",
  "egress_network",
]);

/**
 * Why the guarded `fetch` gave no answer. A `BlockError`, so that a block may let it pass as it is. Messages name at most
 * the host that the caller itself asked for: never an address, never where a redirect led, never what answered.
 */
export class EgressError extends BlockError {
  constructor(code: EgressErrorCode, message: string) {
    super(code, message, { retryable: RETRYABLE.has(code) });
    this.name = "EgressError";
  }
}

/** Platform errors may name the address that was tried, so none of their text is kept. */
export function toEgressError(error: unknown): EgressError {
  return error instanceof EgressError
    ? error
    : new EgressError(
        "egress_network",
        "No answer: the server cannot be reached, or the connection broke. Check the address and try again.",
      );
}
