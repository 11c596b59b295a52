import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { JsonObject } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { isTerminal } from "#graph/run/status.ts";
import type { AttemptRef } from "./core/attempt-ref.ts";
import { decide } from "./core/decide.ts";
import type { Input } from "./core/decide.ts";
import type { LogBatch } from "./core/log-event.ts";
import { nextPure } from "./core/next-pure.ts";
import type { Report } from "./core/report.ts";
import { initialState } from "./core/state.ts";
import type { ExecutionState, NodeExecution } from "./core/state.ts";
import type { BegunRun } from "./protocol.ts";
import type { RunHeader } from "./store.ts";

/** Events within this time share a batch, and its time, ms. */
const BATCH_MS = 25;

/** Pools whose pure work the Worker that takes a request does by itself. */
const POOLS: readonly BlockPool[] = ["io", "cpu"];

const planTexts = new WeakMap<Plan, string>();

/** The header as JSON. A plan serves many runs, and its text is made once. */
function headerText({ plan, ...rest }: RunHeader): string {
  let text = planTexts.get(plan);
  if (text === undefined) {
    text = JSON.stringify(plan);
    planTexts.set(plan, text);
  }
  return `${JSON.stringify(rest).slice(0, -1)},"plan":${text}}`;
}

/**
 * A run before it has an object: its first events, decided by the rules that the object goes on with. Nothing of it is true until its object has
 * stored it (rules ST3 and ST4).
 */
export class Draft {
  readonly header: RunHeader;
  readonly state: ExecutionState;
  readonly batches: LogBatch[] = [];

  constructor(header: RunHeader, inputs: JsonObject) {
    this.header = header;
    this.state = initialState(header.plan, header.created_at, header.reuse);
    this.#decide({ type: "start", inputs }, header.created_at);
  }

  get ended(): boolean {
    return isTerminal(this.state.status);
  }

  /** The pure node execution to run next, or undefined when what is left is for others. */
  nextPure(): NodeExecution | undefined {
    for (const pool of POOLS) {
      const execution = nextPure(this.state, pool);
      if (execution !== undefined) {
        return execution;
      }
    }
    return undefined;
  }

  /** Takes in what an attempt came to that began with the last `nextPure`. */
  report(report: AttemptRef & Report, now: number): void {
    const reports = [{ ...report, begun: true }];
    this.#decide({ type: "report", reports, continuedFrom: this.state.lastSeq, pool: null, max: 0 }, now);
  }

  /** `done`: the caller lists it itself, and nothing else is left to follow. */
  toBegunRun(done: boolean): BegunRun {
    const { execution_id, workspace_id, created_at } = this.header;
    return {
      execution_id,
      workspace_id,
      created_at,
      header: headerText(this.header),
      batches: this.batches.map(({ first_seq, at, events }) => ({
        first_seq,
        last_seq: first_seq + events.length - 1,
        at,
        events: JSON.stringify(events),
      })),
      done,
    };
  }

  #decide(input: Input, now: number): void {
    const open = this.batches.at(-1);
    const batch = open !== undefined && this.#joins(open, now) ? open : undefined;
    const at = batch?.at ?? now;
    const first_seq = this.state.lastSeq + 1;
    // No lease begins here, so how long one lasts plays no part.
    const { events } = decide(this.state, input, { now: at, random: Math.random, leaseMs: 0 });
    if (batch !== undefined) {
      for (const event of events) {
        batch.events.push(event);
      }
    } else if (events.length > 0) {
      this.batches.push({ first_seq, at, events });
    }
  }

  /** What may be the run's last events have their own time, so that the run ends when it ended. */
  #joins(batch: LogBatch, now: number): boolean {
    return now - batch.at < BATCH_MS && (now === batch.at || this.state.active > 1 || !this.#mayEnd());
  }

  #mayEnd(): boolean {
    const execution = this.nextPure();
    return execution === undefined || this.state.plan.nodes[execution.node]?.links.length === 0;
  }
}
