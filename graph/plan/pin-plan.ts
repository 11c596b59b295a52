import type { BlockCatalog } from "../catalog/block-descriptor.ts";
import type { JsonValue } from "../json.ts";
import { embeddedSchema } from "../model/agent-node.ts";
import { recordOf } from "../own-property.ts";
import { sampleValue } from "../schema/sample-value.ts";
import type { Plan, PlanNode } from "./plan.ts";

/** Values by output pin that a node gives instead of being run. */
export type PinnedOutputs = Record<string, JsonValue[]>;

/** The plan in which these nodes, by id, give their pinned outputs at once; ids that the plan does not have are left aside. */
export function pinPlan(plan: Plan, pinned: ReadonlyMap<string, PinnedOutputs>): Plan {
  return mapNodes(plan, (node) => {
    const outputs = pinned.get(node.id);
    return outputs === undefined ? node : { ...node, pinned: outputs };
  });
}

/**
 * The plan of a dry run: every node that may touch anything outside, or wait, gives one sample for each of its output pins but `error`. Pinned nodes stay as
 * they are. For an agent node the pins are those of the agent.
 */
export function dryRunPlan(plan: Plan, catalog: BlockCatalog): Plan {
  return mapNodes(plan, (node) => {
    const block = catalog.get(node.block_id);
    if ((node.effects === "pure" && block?.waits !== true) || node.pinned !== undefined) {
      return node;
    }
    const schema = embeddedSchema(node.input_default, "output_schema") ?? block?.output_schema ?? {};
    const pins = Object.entries(schema.properties ?? {}).filter(([pin]) => pin !== "error");
    return {
      ...node,
      pinned: recordOf(pins.map(([pin, property]) => [pin, [sampleValue(property, schema)]] as const)),
      sampled: true,
    };
  });
}

function mapNodes(plan: Plan, change: (node: PlanNode) => PlanNode): Plan {
  return { ...plan, nodes: plan.nodes.map(change) };
}
