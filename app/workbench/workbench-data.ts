import type { JsonSchema } from "#graph/json.ts";
import type { AppEstimate, AppGraphProblem, AppReview, AppRun, AppRunSummary } from "#worker/contracts/app-context.ts";
import type { Drawing } from "#app/graph-view/drawing.ts";

/** An agent as its page needs it. */
export interface WorkbenchAgent {
  id: string;
  version: number;
  name: string;
  description: string;
  input_schema: JsonSchema;
  problems: AppGraphProblem[];
  drawing: Drawing;
}

/** What the page of an agent and the page of a run have loaded. Live state is not part of it. */
export interface WorkbenchData {
  /** Null when the agent of the run has been deleted. */
  agent: WorkbenchAgent | null;
  run: AppRun | null;
  /** What the run asked people when it was loaded. */
  reviews: AppReview[];
  /** The newest runs of the agent. */
  history: AppRunSummary[];
  /** What a run takes; null when that is not to be had. */
  estimate: AppEstimate | null;
}
