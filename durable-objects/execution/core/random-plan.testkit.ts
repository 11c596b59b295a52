import * as fc from "fast-check";
import { gatheringBelow } from "#graph/plan/gathering.ts";
import type { Plan, PlanLink, PlanNode } from "#graph/plan/plan.ts";

/** Random compiled plans: chains, joins, fans, cycles, static links, output and input nodes, nodes that gather, every kind of effect. */

const EFFECTS = ["pure", "idempotent", "once"] as const;
const SOURCE_NAMES = ["out", "out", "out", "other", "error", "out_#_k"];

interface LinkSeed {
  from: number;
  to: number;
  source: number;
  pin: number;
  isStatic: boolean;
}

const linkSeed: fc.Arbitrary<LinkSeed> = fc.record({
  from: fc.nat(),
  to: fc.nat(),
  source: fc.nat(SOURCE_NAMES.length - 1),
  pin: fc.nat(2),
  isStatic: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
});

export const randomPlan: fc.Arbitrary<Plan> = fc
  .record({
    nodes: fc.array(fc.record({ effects: fc.constantFrom(...EFFECTS), kind: fc.nat(11), retries: fc.nat(5) }), {
      minLength: 1,
      maxLength: 7,
    }),
    links: fc.array(linkSeed, { maxLength: 14 }),
  })
  .map(({ nodes, links }) => {
    const plan: Plan = {
      graph_id: "g",
      graph_version: 1,
      graph_name: "random",
      nodes: nodes.map(({ effects, kind, retries }, index) => planNodeOf({ effects, kind, retries, index })),
      starts: [],
      required_inputs: [],
      step_limit: 120,
    };
    for (const seed of links) {
      addLink(plan, seed);
    }
    settleGathering(plan);
    plan.starts = plan.nodes.flatMap((node, index) =>
      node.linked_pins.length === 0 || node.ui_type === "Input" ? [index] : [],
    );
    if (plan.starts.length === 0) {
      const first = plan.nodes[0] as PlanNode;
      plan.nodes[0] = { ...first, ui_type: "Input", input_default: { name: "in0" } };
      plan.starts = [0];
    }
    return plan;
  });

function planNodeOf(seed: { effects: PlanNode["effects"]; kind: number; retries: number; index: number }): PlanNode {
  const kind = seed.kind === 0 ? "Input" : seed.kind === 1 ? "Output" : "Standard";
  const gathers = seed.kind >= 9;
  return {
    id: `node${seed.index}`,
    block_id: "block",
    ui_type: kind,
    effects: seed.effects,
    pool: "io",
    timeout_ms: 60_000,
    ...(seed.retries > 2 ? { retry: { max_attempts: seed.retries - 1, backoff_ms: 100, max_backoff_ms: 1_000 } } : {}),
    input_default:
      kind === "Standard" ? (seed.kind === 11 ? { count: 2 } : {}) : { name: `in${seed.index}`, value: seed.index },
    linked_pins: [],
    static_pins: [],
    links: [],
    error_linked: false,
    ...(gathers ? { gathers: { pin: "item", count_pin: "count", until: "end" } } : {}),
  };
}

/** As `compilePlan` has it; a node that gathers until the end and comes before itself gets a number. */
export function settleGathering(plan: Plan): void {
  for (const { gathers, linked_pins, input_default } of plan.nodes) {
    if (
      gathers !== undefined &&
      (linked_pins.includes(gathers.count_pin) || Object.hasOwn(input_default, gathers.count_pin))
    ) {
      gathers.until = "count";
    }
  }
  const below = gatheringBelow(plan.nodes) ?? [];
  for (const [index, { gathers, input_default }] of plan.nodes.entries()) {
    if (gathers !== undefined && below[index]?.includes(index)) {
      gathers.until = "count";
      input_default.count = 2;
    }
  }
}

function addLink(plan: Plan, seed: LinkSeed): void {
  const source = plan.nodes[seed.from % plan.nodes.length] as PlanNode;
  const sinkIndex = seed.to % plan.nodes.length;
  const sink = plan.nodes[sinkIndex] as PlanNode;
  const counts = sink.gathers !== undefined && seed.pin === 2;
  const pin =
    sink.ui_type === "Output" ? "value" : sink.gathers === undefined ? `p${seed.pin}` : counts ? "count" : "item";
  const link: PlanLink = {
    // Small whole numbers come from this pin alone.
    source_name: counts ? "n" : (SOURCE_NAMES[seed.source] ?? "out"),
    sink: sinkIndex,
    sink_name: pin,
    is_static: seed.isStatic,
  };
  source.links.push(link);
  source.error_linked ||= link.source_name === "error";
  if (!sink.linked_pins.includes(pin)) {
    sink.linked_pins.push(pin);
  }
  if (link.is_static && !sink.static_pins.includes(pin)) {
    sink.static_pins.push(pin);
  }
}
