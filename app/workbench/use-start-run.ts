import { useEffect, useRef } from "react";
import { useFetcher } from "react-router";
import type { JsonObject } from "#graph/json.ts";
import { refusalLines } from "#app/refusal-lines.ts";
import type { StartRunAnswer } from "#app/routes/start-run.ts";
import type { WorkbenchAgent } from "./workbench-data.ts";

const SHOWN_DETAILS = 8;

export interface StartRun {
  busy: boolean;
  refusal: { message: string; lines: string[] } | null;
  start(inputs: JsonObject): void;
}

/** Starts runs of the agent; `onStarted` hears the id of each once. */
export function useStartRun(agent: WorkbenchAgent | null, onStarted: (executionId: string) => void): StartRun {
  const fetcher = useFetcher<StartRunAnswer>();
  const answer = fetcher.state === "idle" ? fetcher.data : undefined;
  const heard = useRef<StartRunAnswer | undefined>(undefined);
  useEffect(() => {
    if (answer !== undefined && answer !== heard.current) {
      heard.current = answer;
      if (answer.ok) {
        onStarted(answer.execution_id);
      }
    }
  }, [answer, onStarted]);
  return {
    busy: fetcher.state !== "idle",
    refusal:
      answer === undefined || answer.ok
        ? null
        : { message: answer.refusal.message, lines: refusalLines(answer.refusal.details, SHOWN_DETAILS) },
    start(inputs) {
      if (agent !== null) {
        void fetcher.submit(JSON.stringify({ graph_version: agent.version, inputs }), {
          method: "post",
          action: `/agents/${encodeURIComponent(agent.id)}/start`,
          encType: "application/json",
        });
      }
    },
  };
}
