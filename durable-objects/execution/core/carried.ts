import type { JsonValue } from "#graph/json.ts";
import { selectOutput } from "#graph/pins/dynamic-pins.ts";
import type { Selection } from "#graph/pins/dynamic-pins.ts";
import type { Plan } from "#graph/plan/plan.ts";

/** What a link carries to its sink of an output: rule JN4, tool pins included. */
export function carried(
  plan: Plan,
  output: { pin: string; value: JsonValue },
  link: { source_name: string; sink: number; sink_name: string },
): Selection {
  if (link.source_name === output.pin) {
    return { matched: true, value: output.value };
  }
  const sink = { node_id: plan.nodes[link.sink]?.id ?? "", pin: link.sink_name };
  return selectOutput(output.pin, output.value, link.source_name, sink);
}
