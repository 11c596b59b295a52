import type { ArchiveLines, ArchiveSource } from "./archive-format.ts";
import type { LogBatch } from "./core/log-event.ts";
import type { OpenRun } from "./open-run.ts";
import type { Outcome } from "./protocol.ts";

export const NOT_ENDED = {
  ok: false,
  code: "execution_not_ended",
  message: "The run is not over: only what does not change any more goes to the archive.",
} as const;

const NOT_SETTLED = {
  ok: false,
  code: "execution_not_settled",
  message: "The list of runs, the run above or the workspace do not know of the run's end yet.",
} as const;

/** What the archive needs of a run, when nobody needs its object any more (rule AR2). */
export async function archiveSourceOf(open: OpenRun): Promise<Outcome<ArchiveSource>> {
  const { run, ended, lastSeq } = open;
  if (!ended) {
    return NOT_ENDED;
  }
  if (!(await open.settle())) {
    return NOT_SETTLED;
  }
  const checkpoint = run.checkpoints.take(run.state);
  return { ok: true, value: { header: JSON.stringify(run.header), last_seq: lastSeq, checkpoint } };
}

/** Batches as lines, about `maxChars` of them, at least one if there is one. */
export function takeLines(batches: Iterable<LogBatch>, maxChars: number): ArchiveLines["lines"] {
  const lines: ArchiveLines["lines"] = [];
  let left = maxChars;
  for (const batch of batches) {
    const json = JSON.stringify(batch);
    lines.push({ first_seq: batch.first_seq, last_seq: batch.first_seq + batch.events.length - 1, json });
    left -= json.length;
    if (left <= 0) {
      break;
    }
  }
  return lines;
}
