import type { Draft } from "#durable-objects/execution/draft.ts";
import { ioSlotsOf, leaseMsOf } from "#durable-objects/execution/env.ts";
import type { WorkAnswer } from "#durable-objects/execution/protocol.ts";
import type { Env } from "../env.ts";
import { fitsRequest, takeBegunWork } from "./begun-work.ts";
import { systemClock } from "./clock.ts";
import { UnstoredRun } from "./unstored-run.ts";
import type { Storing } from "./unstored-run.ts";
import { sessionDeps } from "./work-on.ts";
import { WorkSession } from "./work-session.ts";

/** The Worker that began a run, as the first that works on it (rule ST5). */
export interface FirstConsumer {
  name: string;
  /** What it has taken changes nothing outside, and nothing else goes on: it may begin before the object has the run (rule ST7). */
  readsOnly: boolean;
  /**
   * Works on the run, once its object has stored it for this consumer. Answers the run's end if it comes with this and is left to the caller to list (rule ST6). Never throws.
   *
   * @param storing if it is to begin before
   */
  work(storing?: Storing): Promise<WorkAnswer["ending"]>;
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
  const leaseMs = leaseMsOf(env, plan);
  const begun = takeBegunWork(draft, { slots: ioSlotsOf(env), leaseMs, now: systemClock.now() });
  if (begun === null) {
    return null;
  }
  const name = crypto.randomUUID();
  return {
    name,
    readsOnly: draft.onlyReads,
    work: (storing) => {
      const deps = sessionDeps(env, executionId, name);
      const message = { execution_id: executionId, pool: "io" } as const;
      if (storing === undefined) {
        return new WorkSession(deps, message).run(begun);
      }
      const object = new UnstoredRun(draft, { clock: deps.clock, leaseMs, object: deps.object, storing });
      return new WorkSession({ ...deps, object }, message).run({ ...begun, replica: null });
    },
  };
}
