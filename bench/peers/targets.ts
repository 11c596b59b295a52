import type { JsonObject, JsonValue } from "#graph/json.ts";
import { WORKLOADS } from "../workloads.ts";

/** A spec of the peers' rig: engines, and one target a workload. */
export interface PeersSpec {
  settings: JsonObject;
  workloads: { id: string; title: string }[];
  engines: Record<string, JsonObject>;
  targets: JsonObject[];
}

/** What only a set-up installation knows. In the committed file these are the placeholders below. */
export interface Installation {
  /** Root of the checkout. */
  root: string;
  url: string;
  apiKey: string;
  graphIds: Record<string, string>;
}

export const PLACEHOLDERS: Installation = {
  root: "$WEFT_ROOT",
  url: "$WEFT_URL",
  apiKey: "$WEFT_API_KEY",
  graphIds: Object.fromEntries(WORKLOADS.map(({ id }) => [id, `$ids.${id}`])),
};

/** Weft as the rig's engine `weft`: answers are the whole execution, so `expect` names its status and all its outputs. */
export function weftSpec({ root, url, apiKey, graphIds }: Installation): Pick<PeersSpec, "engines" | "targets"> {
  const script = `${root}/bench/peers/weft.sh`;
  return {
    engines: {
      weft: {
        label: "Weft on the embedded runtime (every run durable, every event logged)",
        pidFile: "run/weft.pid",
        start: ["bash", script, "start"],
        stop: ["bash", script, "stop"],
        coldTarget: "w1-hello",
      },
    },
    targets: WORKLOADS.map(({ id, inputs, outputs }): JsonObject => ({
      name: `weft/${id}`,
      engine: "weft",
      workload: id,
      url: `${url}/api/v1/executions`,
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${apiKey}` },
      body: { graph_id: graphIds[id] ?? "", inputs, wait_seconds: 60 },
      expect: { status: 200, json: { status: "COMPLETED", outputs: outputs as Record<string, JsonValue> } },
    })),
  };
}
