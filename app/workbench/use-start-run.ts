import type { JsonObject } from "#graph/json.ts";
import type { Refusal } from "#app/services.server.ts";
import { useStart } from "#app/run/use-start.ts";
import type { WorkbenchAgent } from "./workbench-data.ts";

export interface StartRun {
  busy: boolean;
  refusal: Refusal | null;
  start(inputs: JsonObject): void;
}

/** Starts runs of the agent; `onStarted` hears the id of each once. */
export function useStartRun(agent: WorkbenchAgent | null, onStarted: (executionId: string) => void): StartRun {
  const { busy, refusal, send } = useStart(onStarted);
  return {
    busy,
    refusal,
    start(inputs) {
      if (agent !== null) {
        send(`/agents/${encodeURIComponent(agent.id)}/start`, { graph_version: agent.version, inputs });
      }
    },
  };
}
