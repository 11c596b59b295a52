import { useRef } from "react";
import type { JsonObject } from "#graph/json.ts";
import type { Refusal } from "#app/services.server.ts";
import { UNREACHABLE } from "#app/unreachable.ts";
import { newRerunKey } from "./rerun-key.ts";
import { useStart } from "./use-start.ts";

export interface Rerun {
  /** Until the page shows the new run: a second press would start a second one. */
  busy: boolean;
  refusal: Refusal | null;
  send(request: JsonObject): void;
}

/** Starts new runs from a run. */
export function useRerun(
  executionId: string,
  command: "retry" | "fork",
  onStarted: (executionId: string) => void,
): Rerun {
  const { busy, started, refusal, send } = useStart(onStarted);
  const last = useRef<{ text: string; key: string } | null>(null);
  return {
    busy: busy || started !== null,
    refusal,
    send(request) {
      const text = JSON.stringify(request);
      // The request may have come there, and only its answer was lost.
      const again = refusal?.code === UNREACHABLE && last.current?.text === text;
      const key = again && last.current !== null ? last.current.key : newRerunKey();
      last.current = { text, key };
      send(`/runs/${encodeURIComponent(executionId)}/${command}`, { ...request, key });
    },
  };
}
