import type { AppGraphProblem } from "#worker/contracts/app-context.ts";

/** What became of one file. */
export type ImportOutcome =
  | {
      kind: "imported";
      file: string;
      graph: { id: string; name: string };
      /** The first few. */
      problems: AppGraphProblem[];
      problem_count: number;
    }
  | { kind: "refused"; file: string; message: string; details: string[] };
