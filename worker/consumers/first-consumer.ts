import type { Draft } from "#durable-objects/execution/draft.ts";
import { ioSlotsOf, leaseMsOf } from "#durable-objects/execution/env.ts";
import type { Env } from "../env.ts";
import { fitsRequest, takeBegunWork } from "./begun-work.ts";
import { systemClock } from "./clock.ts";
import { sessionDeps } from "./work-on.ts";
import { WorkSession } from "./work-session.ts";
import type { WorkAnswer } from "#durable-objects/execution/protocol.ts";

/** The Worker that began a run, as the first that works on it (rule ST5). */
export interface FirstConsumer {
  name: string;
  /** Works on the run, once its object has stored it for this consumer. Answers the run's end if it comes with this; then the caller lists it (rule ST6). Never throws. */
  work(): Promise<WorkAnswer["ending"]>;
}

/**
 * Takes calls to the outside of a run whose first stretch is done, to make them here instead of sending for a consumer. Null when there are none, or when
 * they may take longer than this invocation is sure to live.
 */
export function firstConsumer(env: Env, draft: Draft): FirstConsumer | null {
  const { execution_id: executionId, plan } = draft.header;
  if (draft.ended || !fitsRequest(plan, env.WEFT_CONSUMER_MODE === "detach")) {
    return null;
  }
  const at = { slots: ioSlotsOf(env), leaseMs: leaseMsOf(env, plan), now: systemClock.now() };
  const begun = takeBegunWork(draft, at);
  const name = crypto.randomUUID();
  return begun === null
    ? null
    : {
        name,
        work: () =>
          new WorkSession(sessionDeps(env, executionId, name), { execution_id: executionId, pool: "io" }).run(begun),
      };
}
