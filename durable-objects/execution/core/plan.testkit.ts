import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan, PlanNode } from "#graph/plan/plan.ts";
import { decide } from "./decide.ts";
import type { Decision, Input } from "./decide.ts";
import type { LogEvent } from "./log-event.ts";
import type { Report } from "./report.ts";
import { initialState } from "./state.ts";
import type { ExecutionState } from "./state.ts";

/** `"a.out -> b.in"`, `"a.out_#_k => b.in"` (`=>` is static). */
export function plan(nodes: Record<string, Partial<PlanNode>>, links: string[], extra: Partial<Plan> = {}): Plan {
  const names = Object.keys(nodes);
  const result: Plan = {
    graph_id: "g",
    graph_version: 1,
    graph_name: "test",
    nodes: names.map((id) => ({
      id,
      block_id: "block",
      ui_type: "Standard",
      effects: "pure",
      pool: "io",
      timeout_ms: 60_000,
      input_default: {},
      linked_pins: [],
      static_pins: [],
      links: [],
      error_linked: false,
      ...nodes[id],
    })),
    starts: [],
    required_inputs: [],
    step_limit: 10_000,
    ...extra,
  };
  for (const text of links) {
    const [, source = "", sourceName = "", arrow, sink = "", sinkName = ""] =
      /^(\w+)\.(\S+) (->|=>) (\w+)\.(\S+)$/.exec(text) ?? [];
    const from = result.nodes[names.indexOf(source)];
    const to = result.nodes[names.indexOf(sink)];
    if (from === undefined || to === undefined) {
      throw new Error(`bad link ${text}`);
    }
    from.links.push({
      source_name: sourceName,
      sink: names.indexOf(sink),
      sink_name: sinkName,
      is_static: arrow === "=>",
    });
    from.error_linked ||= sourceName === "error";
    to.linked_pins = [...new Set([...to.linked_pins, sinkName])];
    to.static_pins = arrow === "=>" ? [...new Set([...to.static_pins, sinkName])] : to.static_pins;
  }
  result.starts = result.nodes.flatMap(({ linked_pins, ui_type }, index) =>
    linked_pins.length === 0 || ui_type === "Input" ? [index] : [],
  );
  return result;
}

/** What makes a node gather its pin `item`. */
export function gathers(until: "count" | "end"): Pick<PlanNode, "gathers"> {
  return { gathers: { pin: "item", count_pin: "count", until } };
}

/** A run in memory whose consumer is the test. */
export class TestRun {
  readonly state: ExecutionState;
  readonly log: LogEvent[] = [];
  now = 1_000;
  random = 0.5;
  readonly leaseMs = 1_000;

  constructor(of: Plan, inputs: JsonObject = {}) {
    this.state = initialState(of, this.now);
    this.do({ type: "start", inputs });
  }

  do(input: Input): Decision {
    const decision = decide(this.state, input, { now: this.now, random: () => this.random, leaseMs: this.leaseMs });
    for (const event of decision.events) {
      this.log.push(event);
    }
    return decision;
  }

  /** Leases everything ready; answers `node name → execution id`, the newest execution winning. */
  lease(max = 100): Record<string, string> {
    const { leased } = this.do({ type: "lease", pool: "io", max });
    return Object.fromEntries(leased.map(({ id, node }) => [this.state.plan.nodes[node]?.id ?? "", id]));
  }

  yields(ne: string, ...outputs: [string, JsonValue][]): Decision {
    return this.report(ne, { outputs, end: undefined });
  }

  completes(ne: string, ...outputs: [string, JsonValue][]): Decision {
    return this.report(ne, { outputs, end: { status: "completed", durationMs: 1, usage: undefined } });
  }

  fails(ne: string, more: { code?: string; retryable?: boolean; retryAfterMs?: number } = {}): Decision {
    const error = { code: more.code ?? "boom", message: "it broke" };
    const { retryable, retryAfterMs } = more;
    const end = { status: "failed", durationMs: 1, usage: undefined, error, retryable, retryAfterMs } as const;
    return this.report(ne, { outputs: [], end });
  }

  report(ne: string, news: Partial<Report>, attempt?: number): Decision {
    const execution = this.state.executions.get(ne);
    const report = {
      node_execution_id: ne,
      attempt: attempt ?? execution?.attempt ?? 1,
      firstOutput: execution?.outputs ?? 0,
      outputs: [],
      end: undefined,
      ...news,
    };
    return this.do({ type: "report", reports: [report], pool: null, max: 0 });
  }

  /** The inputs with which a node was queued so far, references resolved. */
  inputsOf(name: string): JsonObject[] {
    const index = this.state.plan.nodes.findIndex(({ id }) => id === name);
    return this.log.flatMap((event) =>
      event.type === "node_queued" && event.node === index
        ? [
            {
              ...Object.fromEntries(event.refs.map(([pin, ref]) => [pin, this.#valueOf(ref)])),
              ...(event.gathered === undefined ? {} : { item: event.gathered.map((ref) => this.#valueOf(ref)) }),
            },
          ]
        : [],
    );
  }

  types(): string[] {
    return this.log.map(({ type }) => type);
  }

  #valueOf(ref: number | [number, string]): JsonValue {
    const event = this.log[(typeof ref === "number" ? ref : ref[0]) - 1];
    if (event?.type !== "node_output") {
      return null;
    }
    const key = typeof ref === "number" ? undefined : ref[1].split("_#_")[1];
    return key === undefined ? event.value : ((event.value as JsonObject)[key] ?? null);
  }
}
