import { evolveBatch } from "./core/evolve.ts";
import type { LogBatch } from "./core/log-event.ts";
import type { ExecutionState } from "./core/state.ts";
import type { Checkpoint, Mark } from "./checkpoints.ts";
import { stateOf } from "./checkpoints.ts";
import { readEvents, readNodeExecutions } from "./log-reading.ts";
import type { Reading } from "./log-reading.ts";
import { readNodeDetail } from "./node-detail.ts";
import type {
  EventPage,
  ExecutionRpc,
  ExecutionView,
  ForkPoint,
  NodeExecutionDetail,
  NodeExecutionPage,
  Outcome,
  Rerun,
  ReviewView,
} from "./protocol.ts";
import { readRerun } from "./rerun.ts";
import { notPending } from "./reviews.ts";
import type { RunHeader } from "./store.ts";
import { executionView } from "./view.ts";

/** What callers may ask of a run, wherever it is. */
export type RunReads = Pick<
  ExecutionRpc,
  | "view"
  | "wait"
  | "events"
  | "nodeExecutions"
  | "nodeExecution"
  | "rerun"
  | "cancel"
  | "pause"
  | "unpause"
  | "reviews"
  | "review"
>;

/** A log that was moved out of its object; reading it takes time. */
export interface ArchivedLog {
  header: RunHeader;
  lastSeq: number;
  checkpoint: Checkpoint;
  /** The batch that holds the event `seq`. */
  batchWith(seq: number): Promise<LogBatch | undefined>;
}

const NO_NODE = { ok: false, code: "not_found", message: "There is no such node execution." } as const;
const NOT_FOUND = { ok: false, code: "not_found", message: "There is no such execution." } as const;
const MAX_PAGE = 1_000;

/** A run that is over and whose log is in the archive: answers as its object did (rule AR4). */
export class ArchivedRun implements RunReads {
  readonly header: RunHeader;
  readonly lastSeq: number;
  readonly #log: ArchivedLog;
  readonly #state: ExecutionState;
  readonly #marks: readonly Mark[];

  private constructor(log: ArchivedLog, state: ExecutionState, marks: readonly Mark[]) {
    this.#log = log;
    this.header = log.header;
    this.lastSeq = log.lastSeq;
    this.#state = state;
    this.#marks = marks;
  }

  /** Folds the log when it was archived by code whose snapshots this code does not read. */
  static async open(log: ArchivedLog): Promise<ArchivedRun> {
    const { state, marks } = stateOf(log.header, log.checkpoint);
    while (state.lastSeq < log.lastSeq) {
      const batch = await log.batchWith(state.lastSeq + 1);
      if (batch === undefined) {
        throw new Error(`The archive of run ${log.header.execution_id} ends before event ${log.lastSeq}.`);
      }
      evolveBatch(state, batch);
    }
    return new ArchivedRun(log, state, marks);
  }

  async view(workspaceId: string): Promise<Outcome<ExecutionView>> {
    return this.#isOf(workspaceId) ? { ok: true, value: executionView(this.header, this.#state) } : NOT_FOUND;
  }

  wait(workspaceId: string): Promise<Outcome<ExecutionView>> {
    return this.view(workspaceId);
  }

  cancel(workspaceId: string): Promise<Outcome<ExecutionView>> {
    return this.view(workspaceId);
  }

  pause(workspaceId: string): Promise<Outcome<ExecutionView>> {
    return this.view(workspaceId);
  }

  unpause(workspaceId: string): Promise<Outcome<ExecutionView>> {
    return this.view(workspaceId);
  }

  async reviews(workspaceId: string): Promise<Outcome<ReviewView[]>> {
    return this.#isOf(workspaceId) ? { ok: true, value: [] } : NOT_FOUND;
  }

  async review(workspaceId: string, reviewId: string): Promise<Outcome<ExecutionView>> {
    return this.#isOf(workspaceId) ? notPending(this.#state, reviewId) : NOT_FOUND;
  }

  async events(workspaceId: string, after: number, limit: number): Promise<Outcome<EventPage>> {
    if (!this.#isOf(workspaceId)) {
      return NOT_FOUND;
    }
    const items = await this.#read(readEvents(this.#run, after, Math.min(limit, MAX_PAGE)));
    return { ok: true, value: { items, last_seq: this.lastSeq, ended: true } };
  }

  async nodeExecutions(workspaceId: string, cursor: string | null, limit: number): Promise<Outcome<NodeExecutionPage>> {
    if (!this.#isOf(workspaceId)) {
      return NOT_FOUND;
    }
    const page = { cursor, limit: Math.min(limit, MAX_PAGE) };
    return { ok: true, value: await this.#read(readNodeExecutions(this.#run, this.#state.executions, page)) };
  }

  async nodeExecution(workspaceId: string, ne: string): Promise<Outcome<NodeExecutionDetail>> {
    const run = { executionId: this.header.execution_id, state: this.#state, marks: this.#marks };
    const detail = this.#isOf(workspaceId) ? await this.#read(readNodeDetail(run, ne)) : undefined;
    return detail === undefined ? NO_NODE : { ok: true, value: detail };
  }

  async rerun(workspaceId: string, fork: ForkPoint | null): Promise<Outcome<Rerun>> {
    return this.#isOf(workspaceId)
      ? this.#read(readRerun({ header: this.header, state: this.#state }, fork))
      : NOT_FOUND;
  }

  get #run(): { plan: RunHeader["plan"]; executionId: string } {
    return { plan: this.header.plan, executionId: this.header.execution_id };
  }

  #isOf(workspaceId: string): boolean {
    return this.header.workspace_id === workspaceId;
  }

  async #read<T>(reading: Reading<T>): Promise<T> {
    let step = reading.next();
    while (step.done !== true) {
      step = reading.next(await this.#log.batchWith(step.value));
    }
    return step.value;
  }
}
