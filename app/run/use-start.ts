import { useEffect, useRef } from "react";
import { useFetcher } from "react-router";
import type { JsonObject } from "#graph/json.ts";
import type { Refusal, StartAnswer } from "#app/services.server.ts";

export interface Start {
  busy: boolean;
  /** The run that the last request has started. */
  started: string | null;
  refusal: Refusal | null;
  send(action: string, body: JsonObject): void;
}

/** Sends what starts a run; `onStarted` hears the id of each run once. */
export function useStart(onStarted: (executionId: string) => void): Start {
  const fetcher = useFetcher<StartAnswer>();
  const answer = fetcher.state === "idle" ? fetcher.data : undefined;
  const heard = useRef<StartAnswer | undefined>(undefined);
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
    started: answer?.ok === true ? answer.execution_id : null,
    refusal: answer?.ok === false ? answer.refusal : null,
    send(action, body) {
      void fetcher.submit(JSON.stringify(body), { method: "post", action, encType: "application/json" });
    },
  };
}
