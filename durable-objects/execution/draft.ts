import type { BlockEffects, BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { JsonObject } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { isTerminal } from "#graph/run/status.ts";
import type { AttemptRef } from "./core/attempt-ref.ts";
import { decide } from "./core/decide.ts";
import type { Decision, Input } from "./core/decide.ts";
import type { LogBatch } from "./core/log-event.ts";
import { nextAlarm } from "./core/next-alarm.ts";
import { nextPure } from "./core/next-pure.ts";
import type { Report } from "./core/report.ts";
import { initialState } from "./core/state.ts";
import type { ExecutionState, NodeExecution } from "./core/state.ts";
import type { Output } from "./core/stored-value.ts";
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

  /** Takes in what an attempt came to that began with the last `nextPure`. False when the rules refuse it: its time is over. */
  report(report: AttemptRef & Report, now: number): boolean {
    const reports = [{ ...report, begun: true }];
    const { refused } = this.#decide(
      { type: "report", reports, continuedFrom: this.state.lastSeq, pool: null, max: 0 },
      now,
    );
    return refused.length === 0;
  }

  /**
   * Hands out work that is not pure, as the run's object would: up to `max` node executions of the pool of calls to the outside. They are whose the draft
   * is once the object has stored it, and not before (rule ST5).
   */
  takeWork(max: number, env: { now: number; leaseMs: number }): NodeExecution[] {
    const open = this.batches.at(-1);
    // Nothing ends with it, so it may share the time of what came just before.
    const now = open !== undefined && env.now - open.at < BATCH_MS ? open.at : env.now;
    return this.#decide({ type: "lease", pool: "io", max }, now, env.leaseMs).leased;
  }

  /** Takes in what attempts of that work came to, and hands out what follows, as the run's object would (rule ST7). */
  takeReports(
    reports: (AttemptRef & Report)[],
    next: { pool: BlockPool | null; max: number },
    env: { now: number; leaseMs: number },
  ): Pick<Decision, "leased" | "refused"> {
    const open = this.batches.at(-1);
    // What may end the run has its own time.
    const batch = open !== undefined && env.now <= open.at ? open : undefined;
    return this.#record({ type: "report", reports, ...next }, { batch, now: env.now, leaseMs: env.leaseMs });
  }

  /** All that nodes have yielded so far. */
  get outputs(): Output[] {
    return this.batches.flatMap(({ events }) =>
      events.flatMap((event): Output[] => (event.type === "node_output" ? [[event.pin, event.value]] : [])),
    );
  }

  /** When the run's object would have to look at it by itself, ms since the epoch. */
  nextAlarm(now: number, leaseMs: number): number {
    return nextAlarm(this.state, now, leaseMs) ?? Number.POSITIVE_INFINITY;
  }

  /** All that goes on is under way, and none of it changes anything outside (rule ST7). */
  get onlyReads(): boolean {
    const { active, running, plan } = this.state;
    return active === running.size && [...running].every(({ node }) => isSafe(plan.nodes[node]?.effects));
  }

  /** `done`: the caller lists it itself, and nothing else is left to follow. `consumer`: who asks, and has what `takeWork` handed out. */
  toBegunRun(done: boolean, consumer?: string): BegunRun {
    const { execution_id, workspace_id, created_at } = this.header;
    return {
      execution_id,
      workspace_id,
      created_at,
      header: headerText(consumer === undefined ? this.header : { ...this.header, begun_by: consumer }),
      batches: this.batches.map(({ first_seq, at, events }) => ({
        first_seq,
        last_seq: first_seq + events.length - 1,
        at,
        events: JSON.stringify(events),
      })),
      done,
      ...(consumer === undefined ? {} : { consumer }),
    };
  }

  #decide(input: Input, now: number, leaseMs = 0): Decision {
    const open = this.batches.at(-1);
    const batch = open !== undefined && this.#joins(open, now) ? open : undefined;
    return this.#record(input, { batch, now, leaseMs });
  }

  /** `batch`: what happens belongs to it; else it makes one of its own. */
  #record(
    input: Input,
    { batch, now, leaseMs }: { batch: LogBatch | undefined; now: number; leaseMs: number },
  ): Decision {
    const at = batch?.at ?? now;
    const first_seq = this.state.lastSeq + 1;
    const decision = decide(this.state, input, { now: at, random: Math.random, leaseMs });
    const { events } = decision;
    if (batch !== undefined) {
      for (const event of events) {
        batch.events.push(event);
      }
    } else if (events.length > 0) {
      this.batches.push({ first_seq, at, events });
    }
    return decision;
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

function isSafe(effects: BlockEffects | undefined): boolean {
  return effects === "safe" || effects === "pure";
}
