import type { Draft } from "#durable-objects/execution/draft.ts";
import type { AttemptReport, ExecutionRpc, LeaseRequest, WorkAnswer } from "#durable-objects/execution/protocol.ts";
import { toLease, toReport } from "#durable-objects/execution/wire.ts";
import type { Clock } from "./clock.ts";
import { roughSize } from "./rough-size.ts";

/** How long the Worker that begins a run does without its object at most, ms. Lists show a run that a request works on after as long (runner.ts). */
const UNSTORED_MS = 2_000;

/** What a run has at most before its object gets it, all in one call: events, and about how many bytes of outputs (a call takes 32 MiB). */
const MOST = { events: 10_000, bytes: 4_000_000 };

/** Has the run's object store the draft, once, whoever asks first. */
export interface Storing {
  /** Somebody has asked: what happens from now on is no longer the draft's. */
  readonly begun: boolean;
  /** Whether this consumer goes on with the run; false when it failed. Never throws. */
  done(): Promise<boolean>;
}

export interface UnstoredRunDeps {
  clock: Clock;
  leaseMs: number;
  /** The run's object, once it has the run. */
  object: Pick<ExecutionRpc, "lease" | "report" | "heartbeat">;
  storing: Storing;
}

/**
 * A run that no object has yet, for the session of its first consumer: answers as the object would, by the draft, as long as nothing but reading goes on outside. Whatever is
 * more is for the object, which gets the run before anybody is told of it or acts on it (rule ST7).
 */
export class UnstoredRun implements Pick<ExecutionRpc, "lease" | "report" | "heartbeat"> {
  readonly #draft: Draft;
  readonly #deps: UnstoredRunDeps;
  readonly #until: number;
  #disarm: () => void = () => undefined;
  #bytes: number;

  constructor(draft: Draft, deps: UnstoredRunDeps) {
    this.#draft = draft;
    this.#deps = deps;
    this.#until = deps.clock.now() + UNSTORED_MS;
    this.#bytes = roughSize(draft.outputs);
    this.#arm();
  }

  async lease(request: LeaseRequest): Promise<WorkAnswer> {
    return (await this.#store()) ? this.#deps.object.lease(request) : this.#answer([], true);
  }

  async report(reports: AttemptReport[], next: LeaseRequest, continuedFrom: number | null): Promise<WorkAnswer> {
    if (this.#deps.storing.begun) {
      return (await this.#store()) ? this.#deps.object.report(reports, next, continuedFrom) : this.#answer([], true);
    }
    const answer = this.#take(reports, next);
    if (this.#mayWait) {
      this.#arm();
      return answer;
    }
    return (await this.#store()) ? answer : this.#answer([], true);
  }

  async heartbeat(attempts: { node_execution_id: string; attempt: number }[]): Promise<WorkAnswer> {
    if (!this.#deps.storing.begun) {
      return this.#answer([], false);
    }
    return (await this.#store()) ? this.#deps.object.heartbeat(attempts) : this.#answer([], true);
  }

  get #mayWait(): boolean {
    const { ended, onlyReads, state } = this.#draft;
    return !ended && onlyReads && state.lastSeq < MOST.events && this.#bytes < MOST.bytes;
  }

  #take(reports: AttemptReport[], { pool, max }: LeaseRequest): WorkAnswer {
    const { clock, leaseMs } = this.#deps;
    for (const { outputs } of reports) {
      this.#bytes += roughSize(outputs);
    }
    const { leased, refused } = this.#draft.takeReports(
      reports.map(toReport),
      { pool: max < 0 ? null : pool, max },
      { now: clock.now(), leaseMs },
    );
    const { execution_id: executionId, plan } = this.#draft.header;
    const leases = leased.map((execution) => toLease({ executionId, plan }, execution, execution.attempt));
    return { ...this.#answer(refused, this.#draft.ended), leases };
  }

  /** Nobody but the object wakes what waits for a time. */
  #arm(): void {
    const { clock, leaseMs } = this.#deps;
    const now = clock.now();
    this.#disarm();
    const at = Math.min(this.#until, this.#draft.nextAlarm(now, leaseMs));
    this.#disarm = clock.after(Math.max(0, at - now), () => void this.#store());
  }

  #store(): Promise<boolean> {
    this.#disarm();
    return this.#deps.storing.done();
  }

  #answer(refused: WorkAnswer["refused"], ended: boolean): WorkAnswer {
    const { clock, leaseMs } = this.#deps;
    const { header, state } = this.#draft;
    return {
      workspace_id: header.workspace_id,
      graph_id: header.plan.graph_id,
      graph_version: header.plan.graph_version,
      leases: [],
      seq: state.lastSeq,
      sync: null,
      refused,
      deadline: clock.now() + leaseMs,
      ended,
    };
  }
}
