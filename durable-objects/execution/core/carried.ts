import type { JsonValue } from "#graph/json.ts";
import { parseToolPin, selectOutput } from "#graph/pins/dynamic-pins.ts";
import type { Selection } from "#graph/pins/dynamic-pins.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { storedIn } from "./stored-value.ts";
import type { Parts } from "./stored-value.ts";

/** What a link carries to its sink of an output: rule JN4, tool pins included. Of a stored value the parts were told with it (rule BV3). */
export function carried(
  plan: Plan,
  output: { pin: string; value: JsonValue; parts?: Parts },
  link: { source_name: string; sink: number; sink_name: string },
): Selection {
  if (link.source_name === output.pin) {
    return { matched: true, value: output.value };
  }
  if (storedIn(output.value) !== undefined && parseToolPin(output.pin) === undefined) {
    const part = output.parts?.find(([name]) => name === link.source_name);
    return part === undefined ? { matched: false } : { matched: true, value: part[1] };
  }
  const sink = { node_id: plan.nodes[link.sink]?.id ?? "", pin: link.sink_name };
  return selectOutput(output.pin, output.value, link.source_name, sink);
}
