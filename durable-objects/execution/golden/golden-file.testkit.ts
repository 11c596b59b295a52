import { readdirSync, readFileSync } from "node:fs";
import { URL } from "node:url";
import { Checkpoints } from "../checkpoints.ts";
import type { Checkpoint } from "../checkpoints.ts";
import type { LogBatch } from "../core/log-event.ts";
import { takeSnapshot } from "../core/snapshot.ts";
import type { ExecutionState } from "../core/state.ts";
import { History } from "../history.ts";
import { rerunOf } from "../rerun.ts";
import { pendingReviews } from "../reviews.ts";
import { Run } from "../run.ts";
import { MemoryExecutionStore } from "../store-memory.ts";
import type { ExecutionStore, RunHeader } from "../store.ts";
import { executionSummary, executionView } from "../view.ts";

/** A run as it was recorded: what its store had, snapshots taken on the way, and what was read of it then. */
export interface Golden {
  name: string;
  header: RunHeader;
  batches: LogBatch[];
  checkpoints: Checkpoint[];
  seen: unknown;
}

/** More than any run here has of anything. */
export const ALL = 1_000;
export const LEASE_MS = 30_000;
export const FOLDER = new URL("./", import.meta.url);

/** One line each of the header, of the batches with the snapshots between them, and of what is read of the run. */
export function goldenText({ header, batches, checkpoints, seen }: Omit<Golden, "name">): string {
  const lines: unknown[] = [{ header }];
  for (const batch of batches) {
    lines.push({ batch });
    const last = batch.first_seq + batch.events.length - 1;
    lines.push(...checkpoints.filter(({ state }) => state.seq === last).map((checkpoint) => ({ checkpoint })));
  }
  return linesOf([...lines, { seen }]);
}

export function linesOf(lines: unknown[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

export function readLines(file: string): Record<string, unknown>[] {
  const text = readFileSync(new URL(file, FOLDER), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function readGolden(name: string): Golden {
  const golden = { name, batches: [] as LogBatch[], checkpoints: [] as Checkpoint[] };
  let header: RunHeader | undefined;
  let seen: unknown;
  for (const line of readLines(`${name}.log.ndjson`)) {
    header ??= line["header"] as RunHeader | undefined;
    seen ??= line["seen"];
    golden.batches.push(...(line["batch"] === undefined ? [] : [line["batch"] as LogBatch]));
    golden.checkpoints.push(...(line["checkpoint"] === undefined ? [] : [line["checkpoint"] as Checkpoint]));
  }
  if (header === undefined || seen === undefined) {
    throw new Error(`${name} is not a whole recording`);
  }
  return { ...golden, header, seen };
}

/** Every recorded log there is, whether today's scenes would make it or not. */
export function goldenNames(): string[] {
  return readdirSync(FOLDER)
    .flatMap((file) => /^(.+)\.log\.ndjson$/.exec(file)?.[1] ?? [])
    .toSorted();
}

/** The store of a recorded run as it was after the event `upTo`. */
export function storeOf({ header, batches }: Pick<Golden, "header" | "batches">, upTo = Infinity): ExecutionStore {
  const store = new MemoryExecutionStore(Number.MAX_SAFE_INTEGER);
  store.create(header);
  for (const batch of batches) {
    if (batch.first_seq <= upTo) {
      store.append(batch);
    }
  }
  return store;
}

/** The run as its object would load it. */
export function loaded(store: ExecutionStore): Run {
  const run = Run.load(store, 0, () => LEASE_MS);
  if (run === null) {
    throw new Error("there is no run in the store");
  }
  return run;
}

/** What the log alone makes of a run. */
export function folded({ header, batches }: Pick<Golden, "header" | "batches">, upTo = Infinity): ExecutionState {
  const store = new MemoryExecutionStore(Number.MAX_SAFE_INTEGER);
  const until = batches.filter(({ first_seq }) => first_seq <= upTo);
  return Checkpoints.begin(store, header, until).state;
}

/** All that is read of a run, for its page, for lists, for people who are asked, for those who start it again. As plain JSON. */
export function seenOf(run: Pick<Run, "header" | "state">, store: ExecutionStore): unknown {
  const { header, state } = run;
  const history = new History(store, state.plan, header.execution_id);
  const rerun = rerunOf({ header, state, history }, null);
  return plain({
    view: executionView(header, state),
    summary: executionSummary(header, state),
    events: history.events(0, ALL),
    nodes: history.nodeExecutions(null, ALL, state.executions),
    reviews: pendingReviews({ header, state }),
    // The plan is the header's.
    rerun: rerun.ok ? { ...rerun.value, plan: null } : { code: rerun.code },
  });
}

/** A state as its snapshot would be stored. */
export function savedOf(state: ExecutionState): unknown {
  return plain(takeSnapshot(state));
}

/** As after a way through JSON. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** An R2 bucket with one file, as far as archives use it. */
export class OneFile {
  bytes = new Uint8Array();

  get bucket(): R2Bucket {
    return {
      put: async (_key: string, bytes: Uint8Array<ArrayBuffer>) => {
        this.bytes = bytes;
      },
      get: async (key: string, { range }: { range: { suffix?: number; offset?: number; length?: number } }) => {
        const { suffix, offset = this.bytes.length - (suffix ?? 0), length } = range;
        const from = Math.max(0, offset);
        const part = this.bytes.slice(from, length === undefined ? undefined : from + length);
        return { key, size: this.bytes.length, arrayBuffer: async () => part.buffer };
      },
    } as unknown as R2Bucket;
  }
}
