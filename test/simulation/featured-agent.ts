import type { Plan, PlanNode } from "#graph/plan/plan.ts";
import type { Feature, Features } from "./features.ts";
import type { Random } from "./random.ts";
import type { Act } from "./scripted-block.ts";

/** Adds to an agent, and to those that it runs, what the world's features ask for. */
export function addFeatures(plan: Plan, features: Features, random: Random): void {
  const streams = new Map<Feature, Random>(features.names.map((name) => [name, random.stream(name)]));
  const batches = streams.get("message_batches");
  if (batches !== undefined) {
    plan.per_message = batches.between(1, 12);
  }
  const inMemory = streams.get("memory_pool")?.pick([0.3, 0.3, 1]) ?? 0;
  const readers = streams.get("safe_calls")?.pick([0.5, 0.9, 1]) ?? 0;
  for (const node of plan.nodes) {
    const { child } = node.input_default;
    if (child !== undefined) {
      addFeatures((child as unknown as { plan: Plan }).plan, features, random.stream(`child of ${node.id}`));
    }
    addToNode(node, streams);
    if (streams.get("memory_pool")?.chance(inMemory) === true) {
      node.pool = "memory";
    }
    if (streams.get("safe_calls")?.chance(readers) === true && node.effects !== "pure") {
      node.effects = "safe";
    }
  }
}

function addToNode(node: PlanNode, streams: ReadonlyMap<Feature, Random>): void {
  const script = node.input_default.script as unknown as Act[];
  const callbacks = streams.get("callbacks");
  if (callbacks?.chance(0.3) === true && !script.some((act) => act.do === "child")) {
    // One a node execution: its address is good for one call.
    const ms = callbacks.chance(0.5) ? null : callbacks.small(1, 30_000);
    script.splice(callbacks.between(0, script.length), 0, { do: "wait", kind: "callback", ms });
  }
  const limits = streams.get("total_limits");
  if (limits?.chance(0.4) === true) {
    node.total_timeout_ms = limits.pick([100, 700, 3_000, 20_000]);
  }
}
