import type { AttemptReport } from "#durable-objects/execution/protocol.ts";
import { roughSize } from "./rough-size.ts";

/** Bytes of outputs that one call carries: the platform takes 32 MiB, and the object needs room to work on them. */
export const REPORT_BYTES = 8_000_000;

/**
 * Reports that are too large for one call, as several to be sent in this order: outputs are cut between two of them, and the end of an attempt comes
 * with its last ones.
 */
export function splitReports(reports: readonly AttemptReport[], mostBytes: number): AttemptReport[][] {
  const calls: AttemptReport[][] = [[]];
  let room = mostBytes;
  for (const report of reports) {
    let from = 0;
    for (let at = 0; at < report.outputs.length; at += 1) {
      room -= roughSize(report.outputs.slice(at, at + 1));
      if (room < 0 && (at > from || (calls.at(-1)?.length ?? 0) > 0)) {
        if (at > from) {
          calls.at(-1)?.push(partOf(report, from, at));
        }
        calls.push([]);
        from = at;
        room = mostBytes;
      }
    }
    calls.at(-1)?.push(partOf(report, from, report.outputs.length));
  }
  return calls;
}

function partOf(report: AttemptReport, from: number, to: number): AttemptReport {
  const { begun, end, ...rest } = report;
  return {
    ...rest,
    first_output: report.first_output + from,
    outputs: report.outputs.slice(from, to),
    ...(begun === undefined || from > 0 ? {} : { begun }),
    ...(end === undefined || to < report.outputs.length ? {} : { end }),
  };
}
