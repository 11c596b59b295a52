import type { Outcome } from "./protocol.ts";

/** What came of it. @throws Error when it was refused */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) {
    throw new Error(`${outcome.code}: ${outcome.message}`);
  }
  return outcome.value;
}
