import type { JsonObject } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { LogBatch } from "./core/log-event.ts";
import type { Reuse } from "./core/reuse.ts";
import type { BegunRun, ParentRef, RootGraph, RunAdmission, RunOrigin, RunShape } from "./protocol.ts";

/** What a run is, besides its log: written once, at the start. */
export interface RunHeader {
  execution_id: string;
  workspace_id: string;
  source: string;
  /** ms since the epoch */
  created_at: number;
  plan: Plan;
  /** The run that started this one. */
  parent?: ParentRef;
  /** The run that this one was started from, with what it has from there. */
  origin?: RunOrigin;
  reuse?: Reuse;
  /** Nothing outside is touched. */
  dry_run?: true;
  sampled_inputs?: string[];
  /** It is not the whole agent that runs, or not all of its nodes do. */
  shape?: RunShape;
  /** Of a run that was started from one that had a parent. */
  root?: RootGraph;
  /** The workspace counts this run. */
  admission?: RunAdmission;
  /** The Worker that began the run and had it stored: it is told the same when it asks again. */
  begun_by?: string;
  /** Inputs of a run that was held at first: its log begins when it is let go. */
  held_inputs?: JsonObject;
}

/** Events after which a snapshot is due, unless a store says otherwise: what a reload folds at most, as long as the state is small. */
export const SNAPSHOT_EVERY = 2_000;

/** An async callback is a type error: a transaction holds no await. */
export type Sync<T> = T extends Promise<unknown> ? { error: "A transaction callback must not be async." } : T;

/**
 * Where one run lives. Synchronous and transactional: a commit is one `append`, all or nothing. Rules SO1 to SO9 of SPEC.md;
 * every implementation passes store-contract.testkit.ts.
 */
export interface ExecutionStore {
  /** The header, or null when no run was ever created here (then nothing is written either). */
  header(): RunHeader | null;
  create(header: RunHeader): void;
  /** Creates a run with its first batches, given as JSON texts. */
  adopt(run: Pick<BegunRun, "created_at" | "header" | "batches">): void;
  /** Appends a batch; its `first_seq` must be the last seq + 1. Answers how many characters were written. */
  append(batch: LogBatch): number;
  /** Batches that hold events after `afterSeq`, oldest first. */
  batches(afterSeq: number): Iterable<LogBatch>;
  /** The batch that holds the event `seq`. */
  batchWith(seq: number): LogBatch | undefined;
  /** Seq of the newest event; 0 when there is none. */
  lastSeq(): number;
  /** The snapshot that was saved last, or null. Rules SN1 to SN4. */
  snapshot(): string | null;
  /** Puts a snapshot in the place of the one before. */
  saveSnapshot(text: string): void;
  /** How many events there may be after the last snapshot before a new one is due. */
  readonly snapshotEvery: number;
  /** Until when running attempts may renew after a reload, ms since the epoch; null when no reload waits for a sign of life. */
  grace(): number | null;
  setGrace(until: number | null): void;
  /** Runs `work`; when it throws, nothing it wrote stays. */
  transaction<T>(work: () => Sync<T>): T;
}

/** Refuses a batch that would leave a gap in the log or write over it. */
export function assertNextBatch(batch: LogBatch, lastSeq: number): void {
  assertNext({ first_seq: batch.first_seq, count: batch.events.length }, lastSeq);
}

/** The same for a batch of which only the place is known. */
export function assertNext({ first_seq, count }: { first_seq: number; count: number }, lastSeq: number): void {
  if (first_seq !== lastSeq + 1 || count <= 0) {
    throw new Error(`a batch of ${count} events from ${first_seq} cannot follow event ${lastSeq}`);
  }
}
