import type { Cancellation } from "#blocks/cancellation.ts";
import type { Clock } from "./clock.ts";

/** Resolves after `ms`, or rejects with the reason when it is cancelled before. */
export function sleep(ms: number, cancellation: Cancellation, after: Clock["after"]): Promise<void> {
  return new Promise((resolve, reject) => {
    if (cancellation.cancelled) {
      reject(cancellation.reason as Error);
      return;
    }
    const callOff = after(ms, () => {
      ignore();
      resolve();
    });
    const ignore = cancellation.onCancel(() => {
      callOff();
      reject(cancellation.reason as Error);
    });
  });
}
