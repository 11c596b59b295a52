import type { BlockContext } from "#blocks/define-block.ts";
import type { EgressInit } from "#blocks/net/egress-init.ts";

/** As long as an attempt of a block may last; the block's own signal ends it sooner. */
export const MODEL_TIMEOUT_MS = 600_000;

/** Sent to servers that want no key, since the clients insist on one. */
export const NO_KEY = "none";

/** The guarded `fetch`, with the patience that models need. */
export function modelFetch(guarded: BlockContext["fetch"]): BlockContext["fetch"] {
  return (input, init) => {
    const patient: EgressInit = { ...init, egress: { timeoutMs: MODEL_TIMEOUT_MS } };
    return guarded(input, patient);
  };
}
