import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import type { Wait } from "#graph/run/wait.ts";
import type { Checkpoint } from "../checkpoints.ts";
import type { Input } from "../core/decide.ts";
import type { Report } from "../core/report.ts";
import type { Output } from "../core/stored-value.ts";
import { Run } from "../run.ts";
import type { Commit } from "../run.ts";
import { MemoryExecutionStore } from "../store-memory.ts";
import type { RunHeader } from "../store.ts";
import { ALL, LEASE_MS } from "./golden-file.testkit.ts";

/** What a node execution is said to have used. */
export const USAGE: NodeUsage = { input_tokens: 120, output_tokens: 30, calls: 1, cost_usd: 0.0042 };

/** A run that a scene plays: it is its consumer, its clock, and whoever else is needed. */
export class Scene {
  readonly store = new MemoryExecutionStore(Number.MAX_SAFE_INTEGER);
  readonly checkpoints: Checkpoint[] = [];
  readonly run: Run;
  now = Date.UTC(2026, 10, 30, 9);

  constructor(name: string, of: Plan, inputs: JsonObject | null, more: Partial<RunHeader> = {}) {
    const created_at = this.now;
    const header = { execution_id: `golden-${name}`, workspace_id: "w", source: "api", created_at, plan: of, ...more };
    this.run =
      inputs === null
        ? Run.createHeld(this.store, header)
        : Run.create(this.store, header, { input: { type: "start", inputs }, env: this.#env })[0];
  }

  get #env(): { now: number; random: () => number; leaseMs: number } {
    return { now: this.now, random: () => 0.5, leaseMs: LEASE_MS };
  }

  do(input: Input): Commit {
    this.now += 12;
    return this.run.apply(input, this.#env);
  }

  /** Keeps a snapshot of the run as it is now. */
  keep(): void {
    this.checkpoints.push(JSON.parse(JSON.stringify(this.run.checkpoints.take(this.run.state))) as Checkpoint);
  }

  /** Time passes, and the alarm rings. */
  passes(ms: number): void {
    this.now += ms;
    this.do({ type: "tick" });
  }

  /** Leases what is ready; the node executions by their node, oldest first. */
  lease(): Record<string, string[]> {
    const found: Record<string, string[]> = {};
    for (const { id, node } of this.do({ type: "lease", pool: "io", max: ALL }).leased) {
      (found[this.run.state.plan.nodes[node]?.id ?? ""] ??= []).push(id);
    }
    return found;
  }

  /** Leases one node execution of this node, and nothing else is ready. */
  leaseOne(node: string): string {
    const [ne, ...others] = this.lease()[node] ?? [];
    if (ne === undefined || others.length > 0) {
      throw new Error(`not one execution of ${node} was ready`);
    }
    return ne;
  }

  report(ne: string | undefined, outputs: Output[], end?: Report["end"]): void {
    const execution = this.run.state.executions.get(ne ?? "");
    if (ne === undefined || execution === undefined) {
      throw new Error(`there is no ${ne}`);
    }
    const { attempt } = execution;
    const firstOutput = execution.outputs - execution.outputBase;
    const { refused } = this.do({
      type: "report",
      reports: [{ node_execution_id: ne, attempt, firstOutput, outputs, end }],
      pool: null,
      max: 0,
    });
    if (refused.length > 0) {
      throw new Error(`the report of ${ne} was refused`);
    }
  }

  completes(ne: string | undefined, outputs: Output[] = [], more: { usage?: NodeUsage; reused?: "cache" } = {}): void {
    this.report(ne, outputs, { status: "completed", durationMs: 40, usage: undefined, ...more });
  }

  fails(ne: string | undefined, code: string, usage?: NodeUsage): void {
    const error = { code, message: "It broke.", node_id: "told" };
    this.report(ne, [], {
      status: "failed",
      durationMs: 25,
      usage,
      error,
      retryable: undefined,
      retryAfterMs: undefined,
    });
  }

  waits(ne: string | undefined, wait: Partial<Wait> & Pick<Wait, "kind">, usage?: NodeUsage): void {
    const whole = { until: null, state: { notes: ne ?? "" }, payload: null, ...wait };
    this.report(ne, [], { status: "waiting", durationMs: 5, usage, wait: whole });
  }

  /** A consumer that went on by itself over a pure node. */
  goesOn(ne: string, ...outputs: Output[]): void {
    const end = { status: "completed", durationMs: 1, usage: undefined } as const;
    const report = { node_execution_id: ne, attempt: 1, begun: true, firstOutput: 0, outputs, end };
    this.do({ type: "report", reports: [report], continuedFrom: this.run.state.lastSeq, pool: null, max: 0 });
  }

  signals(ne: string | undefined, kind: Wait["kind"], data: JsonValue, autoApprove = false): void {
    if (!this.do({ type: "signal", ne: ne ?? "", kind, data, autoApprove }).accepted) {
      throw new Error(`${ne} does not wait for ${kind}`);
    }
  }

  /** The scene is played: it came to what it was written for. */
  ends(status: string): this {
    if (this.run.state.status !== status) {
      throw new Error(`the run is ${this.run.state.status}, not ${status}`);
    }
    return this;
  }
}

/** Outputs at the pin `out`. */
export function outs(...values: JsonValue[]): Output[] {
  return values.map((value) => ["out", value]);
}
