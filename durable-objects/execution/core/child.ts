import type { NodeUsage, RunError } from "#graph/run/event.ts";
import { propagate } from "./join.ts";
import type { Recorder } from "./recorder.ts";
import { outputEvent } from "./output-event.ts";
import { failNode } from "./report.ts";
import type { Output } from "./stored-value.ts";
import { waitingFor } from "./waiting.ts";

/** What a run that another run started has to tell it: outputs as they come, then its end. */
export interface ChildNews {
  /** Node execution of the parent that waits for this run. */
  ne: string;
  /** Index of `outputs[0]` among all outputs of the child. */
  firstOutput: number;
  outputs: Output[];
  end?: { status: "completed" | "failed" | "terminated"; durationMs: number; error: RunError | null; usage: NodeUsage };
}

/** What a run answers to the one that started it. */
export interface ChildStanding extends ChildNews {
  /** Whether it is paused; absent where older code answers. */
  paused?: boolean;
}

/**
 * Rule CH2: a child's outputs become its node's outputs while it runs, each once; its end ends the node. Answers how many outputs of the child
 * are committed here, or -1 when the node does not wait for it.
 */
export function takeChildNews(recorder: Recorder, news: ChildNews): number {
  const execution = waitingFor(recorder.state, news.ne, "child");
  if (execution === undefined) {
    return -1;
  }
  const ref = { ne: execution.id, node: execution.node };
  const have = execution.outputs - execution.outputBase;
  if (news.firstOutput > have) {
    return have;
  }
  for (const output of news.outputs.slice(have - news.firstOutput)) {
    recorder.emit(outputEvent(execution, output));
    propagate(recorder);
    if (recorder.fatal !== null) {
      if (news.end !== undefined) {
        recorder.keepUsage(execution.id, news.end.usage);
      }
      return execution.outputs - execution.outputBase;
    }
  }
  if (news.end?.status === "completed") {
    recorder.emit({ type: "node_completed", ...ref, duration_ms: news.end.durationMs, usage: news.end.usage });
    propagate(recorder);
  } else if (news.end !== undefined) {
    const { durationMs, usage, error } = news.end;
    const message =
      error === null
        ? "The agent that this node runs was stopped."
        : `The agent that this node runs failed: ${error.message}`;
    failNode(recorder, execution, { durationMs, usage, error: { code: error?.code ?? "child_terminated", message } });
  }
  return execution.outputs - execution.outputBase;
}
