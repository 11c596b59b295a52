/** Everything that must hold, whatever happens. README.md says what each means. */
export type Invariant =
  | "total-order"
  | "inputs-first"
  | "one-result"
  | "outputs-once"
  | "reference"
  | "state-is-replay"
  | "begun-is-logged"
  | "once-is-once"
  | "stale-is-refused"
  | "only-in-step"
  | "time-has-come"
  | "paused-is-paused"
  | "told-is-kept"
  | "subscribers"
  | "alarm-armed"
  | "healthy-keeps-lease"
  | "all-is-counted"
  | "every-run-ends"
  | "world-falls-asleep"
  | "list-knows"
  | "heard-once"
  | "time-is-up"
  | "few-messages"
  | "reused-not-run"
  | "ends-for-a-reason"
  | "no-surprise";

/** An invariant does not hold. */
export class Violation extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, message: string) {
    super(message);
    this.name = "Violation";
    this.invariant = invariant;
  }
}

export function must(condition: boolean, invariant: Invariant, message: () => string): void {
  if (!condition) {
    throw new Violation(invariant, message());
  }
}
