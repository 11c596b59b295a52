import type { OldRun } from "#worker/db/archive-table.ts";
import { markArchived } from "#worker/db/archive-table.ts";
import type { Database } from "#worker/db/database.ts";
import type { ExecutionStub } from "#worker/env.ts";
import { ArchiveFile, archiveKey } from "./archive-file.ts";
import { writeArchive } from "./write-archive.ts";

/** Characters of log that are brought over from the object at a time. */
const CHARS_AT_ONCE = 4_000_000;

export interface ArchiveDeps {
  db: Database;
  files: R2Bucket;
  object: (executionId: string) => Pick<ExecutionStub, "archiveSource" | "archiveLines" | "discard">;
  now: () => number;
}

/** `later`: it goes on, or somebody has yet to hear of its end. `gone`: nothing is left of it. */
export type ArchiveOutcome = "archived" | "later" | "gone";

/**
 * Moves a run's log from its object to R2: written, read back, then deleted in the object, then noted in the list of runs. Whoever dies between two of
 * these steps leaves a run that can be read, and doing it again does the rest (rules AR1 and AR3). Two at once do no harm: both write the same.
 */
export async function archiveRun(deps: ArchiveDeps, run: OldRun): Promise<ArchiveOutcome> {
  const { executionId, workspaceId } = run;
  const key = archiveKey(workspaceId, executionId);
  const object = deps.object(executionId);
  const source = await object.archiveSource(workspaceId);
  if (!source.ok && source.code !== "not_found") {
    return "later";
  }
  if (source.ok) {
    const written = await writeArchive({ files: deps.files, key }, source.value, async (after) => {
      const some = await object.archiveLines(workspaceId, after, CHARS_AT_ONCE);
      return some.ok ? some.value.lines : null;
    });
    if (written) {
      await verify(deps.files, key, source.value.last_seq);
      const discarded = await object.discard(workspaceId, source.value.last_seq);
      if (!discarded.ok && discarded.code !== "not_found") {
        return "later";
      }
    }
  }
  return note(deps, run, key);
}

/** The object is empty: by this archiving, by one that died before it came here, or because the run was deleted. */
async function note(deps: ArchiveDeps, { executionId, workspaceId }: OldRun, key: string): Promise<ArchiveOutcome> {
  if ((await deps.files.head(key)) === null) {
    return "gone";
  }
  if (await markArchived(deps.db, { workspaceId, executionId, at: deps.now() })) {
    return "archived";
  }
  // Deleted while it was archived.
  await deps.files.delete(key);
  return "gone";
}

async function verify(files: R2Bucket, key: string, lastSeq: number): Promise<void> {
  const file = await ArchiveFile.open(files, key);
  if (file === null || file.lastSeq !== lastSeq) {
    throw new Error(`${key} is not there as it was written.`);
  }
  await file.verify();
}
