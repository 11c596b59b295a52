import type { LogEvent } from "#durable-objects/execution/core/log-event.ts";
import type { EventOf } from "./log-entry.ts";
import { must } from "./violation.ts";

/** How a node ends that runs an agent: as the agent's run did (rule CH2). `end`: that run's last event, if it has come. */

export function checkChildCompleted({ ne }: EventOf<"node_completed">, end: LogEvent | null): void {
  must(
    end?.type === "execution_completed",
    "one-result",
    () => `${ne} completed, and the run of its agent ${end === null ? "goes on" : `ended with ${end.type}`}`,
  );
}

/** The codes with which the agent's run lets the node fail. */
export function failuresOfChild(end: LogEvent | null): string[] {
  switch (end?.type) {
    case "execution_failed":
      return [end.error.code];
    case "execution_terminated":
      return ["child_terminated"];
    default:
      return [];
  }
}
