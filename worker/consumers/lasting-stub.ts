import type { ExecutionRpc } from "#durable-objects/execution/protocol.ts";

type Called = Pick<ExecutionRpc, "lease" | "report" | "heartbeat">;

/**
 * An object that can be called for as long as a consumer stays. A stub that has thrown may be broken for good (the object was restarted, or its code was
 * replaced), so that every further call fails with the old error: after a failure the next call takes a new one.
 */
export function lastingStub(open: () => Called): Called {
  let stub: Called | null = null;
  const call = async <T>(work: (object: Called) => Promise<T>): Promise<T> => {
    const used = (stub ??= open());
    try {
      return await work(used);
    } catch (error) {
      if (stub === used) {
        stub = null;
      }
      throw error;
    }
  };
  return {
    lease: (request) => call((object) => object.lease(request)),
    report: (reports, next, continuedFrom) => call((object) => object.report(reports, next, continuedFrom)),
    heartbeat: (attempts) => call((object) => object.heartbeat(attempts)),
  };
}
