import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan, PlanLink, PlanNode } from "#graph/plan/plan.ts";
import { settleGathering } from "#durable-objects/execution/core/random-plan.testkit.ts";
import type { Random } from "./random.ts";
import { SCRIPTED } from "./scripted-block.ts";
import type { Act } from "./scripted-block.ts";

type Shape = "free" | "chain" | "tree" | "wide" | "stream";

export interface AgentOptions {
  /** What takes time takes a few of these. */
  paceMs: number;
  /** How many agents are above it. */
  depth: number;
}

/** A small compiled agent: chains, joins, fans, cycles, static links, parts of values, nodes that gather, failures, retries, waits, agents in agents, every kind of effect. */
export function randomAgent(random: Random, options: AgentOptions): { plan: Plan; inputs: JsonObject } {
  const { depth } = options;
  const plan: Plan = {
    graph_id: "g",
    graph_version: 1,
    graph_name: "simulated",
    nodes: [],
    starts: [],
    required_inputs: [],
    step_limit: depth > 0 ? 10 : random.pick([10, 30, 60]),
    ...(random.chance(0.1) ? { timeout_ms: random.between(2_000, 60_000) } : {}),
  };
  const size = random.between(1, depth > 0 ? 4 : 8);
  const shape: Shape = random.pick(["free", "chain", "tree", "wide", "stream"] as const);
  const pureness = random.pick([0.2, 0.5, 0.9]);
  for (let index = 0; index < size; index += 1) {
    plan.nodes.push(node(random, { ...options, index, pureness: purenessAt(shape, index / size) ?? pureness }));
  }
  for (let count = random.between(size - 1, size * 2); count > 0; count -= 1) {
    addLink(random, plan, shape);
  }
  settleGathering(plan);
  plan.starts = plan.nodes.flatMap(({ linked_pins, ui_type }, index) =>
    linked_pins.length === 0 || ui_type === "Input" ? [index] : [],
  );
  if (plan.starts.length === 0) {
    const first = nodeAt(plan, 0);
    plan.nodes[0] = { ...first, ui_type: "Input", input_default: { ...first.input_default, name: "in0" } };
    plan.starts = [0];
  }
  return { plan, inputs: random.chance(0.5) ? { in0: "given" } : {} };
}

function nodeAt(plan: Plan, index: number): PlanNode {
  const found = plan.nodes[index];
  if (found === undefined) {
    throw new Error(`no node ${index}`);
  }
  return found;
}

function node(random: Random, of: AgentOptions & { index: number; pureness: number }): PlanNode {
  const kind = random.pick(["Input", "Output", "Standard", "Standard", "Standard", "Standard", "Standard"] as const);
  const effects = random.chance(of.pureness) ? "pure" : random.pick(["idempotent", "once"] as const);
  const child = of.depth < 2 && random.chance(0.04) ? randomAgent(random, { ...of, depth: of.depth + 1 }) : null;
  const script: Act[] = child === null ? randomScript(random, { ...of, effects }) : [{ do: "child" }];
  const gathers = kind === "Standard" && child === null && random.chance(0.15);
  const retry = {
    max_attempts: random.between(1, 4),
    backoff_ms: random.pick([0, 50, 400]),
    max_backoff_ms: 1_000,
    ...(random.chance(0.3)
      ? { on: random.pick([["outcome_unknown"], ["planned"], ["planned", "outcome_unknown"]]) }
      : {}),
  };
  return {
    id: `node${of.index}`,
    block_id: SCRIPTED,
    ui_type: kind,
    effects,
    pool: random.chance(0.15) ? "cpu" : "io",
    // What hangs must not hang long: in a cycle, with retries, that would be hours.
    timeout_ms: script.some((act) => act.do === "hang")
      ? random.pick([300, 2_000])
      : random.pick([300, 2_000, 30_000, 30_000]),
    ...(random.chance(0.5) ? { retry } : {}),
    input_default: {
      script: script as unknown as JsonValue,
      ...(child === null ? {} : { child: child as unknown as JsonValue }),
      ...(gathers && random.chance(0.3) ? { count: random.between(1, 3) } : {}),
      ...(kind === "Input" ? { name: `in${of.index}`, value: of.index } : {}),
      // Named like pins, so that links can leave a node that runs this agent.
      ...(kind === "Output" ? { name: random.pick(["out", "other"]), value: of.index } : {}),
    },
    linked_pins: [],
    static_pins: [],
    links: [],
    error_linked: false,
    ...(gathers ? { gathers: { pin: "item", count_pin: "count", until: "end" } } : {}),
  };
}

function randomScript(random: Random, of: AgentOptions & { effects: PlanNode["effects"] }): Act[] {
  const script: Act[] = of.effects === "pure" ? [] : [{ do: "act" }];
  const slowness = of.effects === "pure" ? 0.1 : 0.7;
  for (let count = random.between(0, 4); count > 0; count -= 1) {
    script.push({ do: "yield", pin: random.pick(["out", "out", "out", "out", "out", "n", "other"] as const) });
  }
  if (random.chance(slowness)) {
    const ms = random.chance(0.2) ? random.between(1, 3 * of.paceMs) : random.small(1, of.paceMs);
    insert(random, script, { do: "sleep", ms });
  }
  if (random.chance(0.2)) {
    const attempts = random.pick([1, 2, 100]);
    insert(random, script, { do: "fail", attempts, how: random.pick(["error", "throw", "retry_after"] as const) });
  }
  if (random.chance(0.03)) {
    insert(random, script, { do: "hang" });
  }
  if (random.chance(0.1)) {
    const kind = random.pick(["timer", "review"] as const);
    const ms = kind === "review" && random.chance(0.5) ? null : random.small(1, 30_000);
    insert(random, script, { do: "wait", kind, ms });
  }
  return script;
}

function insert(random: Random, script: Act[], act: Act): void {
  script.splice(random.between(0, script.length), 0, act);
}

/** How likely a node is pure where it stands. */
function purenessAt(shape: Shape, place: number): number | undefined {
  switch (shape) {
    // Many that take time, then many that take none: several consumers meet where the pure ones begin.
    case "wide":
      return place < 0.5 ? 0.1 : 0.95;
    // Executions of one node that overtake each other, and what follows at once.
    case "stream":
      return place === 0 || place > 0.4 ? 0.95 : 0.05;
    default:
      return undefined;
  }
}

function sinkOf(random: Random, { shape, from, size }: { shape: Shape; from: number; size: number }): number {
  switch (shape) {
    case "chain":
    case "stream":
      return from + 1;
    case "tree":
      return random.between(from, size);
    case "wide":
      return random.between(Math.max(from, Math.ceil(size / 2)), size);
    case "free":
      return random.between(0, size - 1);
  }
}

function addLink(random: Random, plan: Plan, shape: Shape): void {
  const size = plan.nodes.length;
  const from = random.between(0, size - 1);
  const further = sinkOf(random, { shape, from, size });
  const to = further < size || random.chance(0.2) ? further % size : from;
  if (to === from && !random.chance(0.1)) {
    return;
  }
  const source = nodeAt(plan, from);
  const sink = nodeAt(plan, to);
  const counts = sink.gathers !== undefined && random.chance(0.3);
  const name = counts ? "n" : random.pick(["out", "out", "out", "other", "error", "out_#_k"]);
  const pin = pinOf(random, sink, counts);
  const link: PlanLink = { source_name: name, sink: to, sink_name: pin, is_static: random.chance(0.2) };
  source.links.push(link);
  source.error_linked ||= name === "error";
  if (!sink.linked_pins.includes(pin)) {
    sink.linked_pins.push(pin);
  }
  if (link.is_static && !sink.static_pins.includes(pin)) {
    sink.static_pins.push(pin);
  }
}

function pinOf(random: Random, { ui_type, gathers }: PlanNode, counts: boolean): string {
  if (gathers !== undefined) {
    return counts ? gathers.count_pin : gathers.pin;
  }
  return ui_type === "Output" ? "value" : `p${random.small(0, 2)}`;
}
