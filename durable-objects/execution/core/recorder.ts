import type { NodeUsage, RunError } from "#graph/run/event.ts";
import { evolve } from "./evolve.ts";
import type { LogEvent } from "./log-event.ts";
import { outgrown } from "./run-limits.ts";
import type { ExecutionState } from "./state.ts";

/** What a decision may know of the world. */
export interface DecisionEnv {
  /** ms since the epoch */
  now: number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** How long a lease lasts without a sign of life, ms. */
  leaseMs: number;
}

const NONE: ReadonlyMap<string, NodeUsage> = new Map();

/** Collects the events of one decision and folds each at once, so that the next rule sees what the last one did. */
export class Recorder {
  readonly events: LogEvent[] = [];
  readonly state: ExecutionState;
  readonly env: DecisionEnv;
  /** The run cannot go on: it ends FAILED with this when the decision is complete. */
  fatal: RunError | null = null;
  /** By node execution: what an attempt used whose end came together with `fatal`. */
  unendedUsage: ReadonlyMap<string, NodeUsage> = NONE;

  constructor(state: ExecutionState, env: DecisionEnv) {
    this.state = state;
    this.env = env;
  }

  keepUsage(ne: string, usage: NodeUsage): void {
    this.unendedUsage = new Map([...this.unendedUsage, [ne, usage]]);
  }

  emit(event: LogEvent): void {
    this.events.push(event);
    evolve(this.state, event, this.env.now);
    this.fatal ??= outgrown(this.state);
  }
}
