import { errorMessage, log } from "#durable-objects/logger.ts";
import {
  deleteTombstones,
  listOldRuns,
  listSweptWorkspaces,
  listTombstones,
  noteStragglers,
  noteSwept,
  takeDueStragglers,
} from "#worker/db/archive-table.ts";
import type { OldRun, Straggler, SweepCursor } from "#worker/db/archive-table.ts";
import { TOMBSTONE_MS } from "#worker/db/execution-table.ts";
import { archiveKey } from "./archive-file.ts";
import { archiveRun } from "./archive-run.ts";
import type { ArchiveDeps } from "./archive-run.ts";

const DAY_MS = 24 * 3_600_000;
const DEFAULT_RETENTION_DAYS = 30;

/** Most runs that one sweep looks at: a call of the Worker may make a thousand calls itself. */
const MAX_RUNS = 100;
const MAX_WORKSPACES = 20;
const SIDE_BY_SIDE = 5;
const MAX_TOMBSTONES = 1_000;

/** A sweep begins no more runs after this time, ms: the next one is due a minute after it began. */
const BUDGET_MS = 30_000;

/** When a run that goes on is looked at again, and one whose archiving failed. */
const LOOK_AGAIN_MS = DAY_MS;
const TRY_AGAIN_MS = 3_600_000;

export interface Sweep {
  archived: number;
  /** To be looked at again. */
  later: number;
  /** Tombstones of deleted runs that have served their time. */
  forgotten: number;
}

/**
 * Days for which the log of a run that is over stays in its object, at least one: so long an `Idempotency-Key` stands for it, and is asked for there. Null:
 * for ever.
 */
export function retentionDays(env: { WEFT_RETENTION_DAYS?: string }): number | null {
  const text = env.WEFT_RETENTION_DAYS?.trim() ?? "";
  const days = text === "" ? DEFAULT_RETENTION_DAYS : Number(text);
  if (!Number.isFinite(days) || days < 0) {
    log("warn", "WEFT_RETENTION_DAYS is no number of days; nothing is archived", { value: text });
    return null;
  }
  return days === 0 ? null : Math.max(1, days);
}

/**
 * Archives some of the runs that ended longer ago than the retention, oldest first, workspace by workspace in turn, and forgets old tombstones. May be
 * called at any time, any number of times, also side by side; what it does not come to, the next one does (rule AR1).
 */
export async function sweepRuns(deps: ArchiveDeps, days: number | null): Promise<Sweep> {
  const sweep = { archived: 0, later: 0, forgotten: 0 };
  const until = deps.now() + BUDGET_MS;
  let left = MAX_RUNS;
  if (days !== null) {
    left -= await sweepStragglers(deps, left, { days, until, sweep });
  }
  const workspaces = await listSweptWorkspaces(deps.db, MAX_WORKSPACES);
  for (const { workspaceId, cursor } of workspaces) {
    sweep.forgotten += await forgetTombstones(deps, workspaceId);
    if (days !== null && left > 0) {
      const turns = workspaces.length === MAX_WORKSPACES;
      left -= await sweepWorkspace(deps, { workspaceId, cursor, limit: left, turns }, { days, until, sweep });
    }
  }
  return sweep;
}

interface Tally {
  days: number;
  until: number;
  sweep: Sweep;
}

/** Answers how many runs it has looked at. */
async function sweepStragglers(deps: ArchiveDeps, limit: number, tally: Tally): Promise<number> {
  const due = await takeDueStragglers(deps.db, deps.now(), limit);
  if (due.length === 0) {
    return 0;
  }
  const { looked, later } = await archiveAll(deps, due, tally);
  const again = new Set(later.map(({ executionId }) => executionId));
  const done = looked.map(({ executionId }) => executionId).filter((id) => !again.has(id));
  await noteStragglers(deps.db, { later, done });
  return looked.length;
}

/** Answers how many runs it has looked at. `turns`: there may be more workspaces, so that this one had its turn is noted also when there was nothing to do. */
async function sweepWorkspace(
  deps: ArchiveDeps,
  of: { workspaceId: string; cursor: SweepCursor; limit: number; turns: boolean },
  tally: Tally,
): Promise<number> {
  const { workspaceId, cursor, limit, turns } = of;
  const before = deps.now() - tally.days * DAY_MS;
  const runs = await listOldRuns(deps.db, { workspaceId, after: cursor, before, limit });
  if (runs.length === 0 && !turns) {
    return 0;
  }
  const { looked, later } = await archiveAll(deps, runs, tally);
  const last = looked.at(-1);
  await noteSwept(deps.db, {
    workspaceId,
    cursor: last === undefined ? cursor : { createdAt: last.createdAt, executionId: last.executionId },
    at: deps.now(),
    stragglers: later,
  });
  return looked.length;
}

/** Archives those whose time has come, as far as the sweep's own time goes. `later`: those to look at again. */
async function archiveAll(
  deps: ArchiveDeps,
  runs: readonly OldRun[],
  tally: Tally,
): Promise<{ looked: OldRun[]; later: Straggler[] }> {
  const looked: OldRun[] = [];
  const later: Straggler[] = [];
  while (looked.length < runs.length && deps.now() < tally.until) {
    const some = runs.slice(looked.length, looked.length + SIDE_BY_SIDE);
    const dueAts = await Promise.all(some.map((run) => archiveOne(deps, run, tally)));
    for (const [index, { executionId, workspaceId }] of some.entries()) {
      const dueAt = dueAts[index] ?? null;
      if (dueAt !== null) {
        later.push({ executionId, workspaceId, dueAt });
      }
    }
    looked.push(...some);
  }
  tally.sweep.later += later.length;
  return { looked, later };
}

/** When to look at the run again; null when it is done with. */
async function archiveOne(deps: ArchiveDeps, run: OldRun, { days, sweep }: Tally): Promise<number | null> {
  const now = deps.now();
  if (run.archivedAt !== null) {
    return null;
  }
  const due = run.endedAt === null ? now + LOOK_AGAIN_MS : run.endedAt + days * DAY_MS;
  if (due > now) {
    return due;
  }
  try {
    const outcome = await archiveRun(deps, run);
    sweep.archived += outcome === "archived" ? 1 : 0;
    return outcome === "later" ? now + TRY_AGAIN_MS : null;
  } catch (error) {
    log("warn", "a run could not be archived; it is tried again", {
      execution_id: run.executionId,
      error: errorMessage(error),
    });
    return now + TRY_AGAIN_MS;
  }
}

/** The last look after a deleted run: an archive that was written while it was deleted goes too. */
async function forgetTombstones(deps: ArchiveDeps, workspaceId: string): Promise<number> {
  const before = deps.now() - TOMBSTONE_MS;
  const ids = await listTombstones(deps.db, { workspaceId, before, limit: MAX_TOMBSTONES });
  if (ids.length > 0) {
    await deps.files.delete(ids.map((id) => archiveKey(workspaceId, id)));
    await deleteTombstones(deps.db, workspaceId, ids);
  }
  return ids.length;
}
