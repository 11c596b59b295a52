import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import { isTerminal } from "#graph/run/status.ts";
import { MemoryExecutionStore } from "../store-memory.ts";
import { Run } from "../run.ts";
import type { Commit } from "../run.ts";
import type { AttemptRef } from "./attempt-ref.ts";
import { canonicalState } from "./canonical-state.testkit.ts";
import type { Input } from "./decide.ts";
import type { LogBatch, LogEvent, ValueRef } from "./log-event.ts";
import { nextAlarm } from "./next-alarm.ts";
import { randomPlan } from "./random-plan.testkit.ts";
import type { DecisionEnv } from "./recorder.ts";
import type { Report } from "./report.ts";
import { Replica } from "./replica.ts";
import { ReferenceInterpreter } from "./reference-interpreter.testkit.ts";
import { restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

const SEED = Number(process.env.WEFT_SEED ?? Date.now() % 1_000_000_007);
const RUNS = Number(process.env.WEFT_PROPERTY_RUNS ?? 400);
const LEASE_MS = 1_000;

/** A consumer's copy of an attempt: what it will yield is fixed by the node execution, as for a deterministic block. */
interface Held extends AttemptRef {
  outputs: [string, JsonValue][];
  fails: boolean;
  sent: number;
}

function behaviour(execution: { id: string; node: number }): { outputs: [string, JsonValue][]; fails: boolean } {
  const number = Number(execution.id.slice(1));
  const outputs: [string, JsonValue][] = [];
  for (let index = 0; index < ([1, 2, 0, 1, 3][(number + execution.node) % 5] ?? 0); index += 1) {
    const pin = (["out", "out", "n", "other"] as const)[(number + index) % 4] ?? "out";
    const value = index % 2 === 0 ? { k: number * 10 + index } : number * 10 + index;
    outputs.push([pin, pin === "n" ? (number + index * 3) % 4 : value]);
  }
  return { outputs, fails: (number * 7 + execution.node) % 6 === 0 };
}

class Simulation {
  readonly store = new MemoryExecutionStore(5);
  readonly held: Held[] = [];
  readonly old: (AttemptRef & Report)[] = [];
  run: Run;
  now = 1_000;
  readonly #random: () => number;

  constructor(plan: Plan, random: () => number) {
    this.#random = random;
    const header = { execution_id: "x", workspace_id: "w", source: "test", created_at: this.now, plan };
    const first = { input: { type: "start", inputs: { in0: "given" } } as const, env: this.env() };
    [this.run] = Run.create(this.store, header, first);
  }

  env(): DecisionEnv {
    return { now: this.now, random: this.#random, leaseMs: LEASE_MS };
  }

  apply(input: Input): Commit {
    const commit = this.run.apply(input, this.env());
    for (const execution of commit.leased) {
      this.held.push({ node_execution_id: execution.id, attempt: execution.attempt, ...behaviour(execution), sent: 0 });
    }
    return commit;
  }

  /** One random thing happens. */
  step(choice: number): void {
    const held = this.held[Math.floor(this.#random() * this.held.length)];
    if (choice < 0.3) {
      this.apply({ type: "lease", pool: "io", max: 1 + Math.floor(this.#random() * 3) });
    } else if (choice < 0.75 && held !== undefined) {
      this.#report(held);
    } else if (choice < 0.8 && held !== undefined) {
      this.held.splice(this.held.indexOf(held), 1);
    } else if (choice < 0.86 && this.old.length > 0) {
      this.#arrives(this.old[Math.floor(this.#random() * this.old.length)] as AttemptRef & Report, 0);
    } else if (choice < 0.9) {
      this.now += Math.floor(this.#random() * 2 * LEASE_MS);
      this.apply({ type: "tick" });
    } else if (choice < 0.92 && held !== undefined) {
      this.apply({ type: "renew", attempts: [held] });
    } else if (choice < 0.96) {
      this.#continueAlone(this.#random() < 0.7);
    } else {
      this.restart();
    }
  }

  #report(held: Held): void {
    const upTo = held.sent + Math.floor(this.#random() * (held.outputs.length - held.sent + 1));
    const ends = upTo === held.outputs.length && this.#random() < 0.8;
    const report: AttemptRef & Report = {
      node_execution_id: held.node_execution_id,
      attempt: held.attempt,
      firstOutput: held.sent,
      outputs: held.outputs.slice(held.sent, upTo),
      end: ends ? endOf(held) : undefined,
    };
    held.sent = upTo;
    if (ends) {
      this.held.splice(this.held.indexOf(held), 1);
    }
    this.old.push(report);
    this.#arrives(report, this.#random() < 0.5 ? 1 : 0);
  }

  /** A report arrives: the first time, again, or long after its attempt was given up. */
  #arrives(report: AttemptRef & Report, max: number): void {
    const execution = this.run.state.executions.get(report.node_execution_id);
    const open = execution?.status === "RUNNING" && execution.attempt === report.attempt;
    const commit = this.apply({ type: "report", reports: [report], pool: "io", max: open ? max : 0 });
    if (!open) {
      const changes = commit.events.filter(({ type }) => type !== "node_started" && type !== "execution_running");
      expect(changes, "[LS3] a stale attempt changes nothing").toEqual([]);
      expect(commit.refused).toHaveLength(1);
    }
  }

  /** A consumer goes on over pure nodes on a replica and reports the stretch, to an object that has or has not moved meanwhile. */
  #continueAlone(inStep: boolean): void {
    const snapshot = JSON.parse(JSON.stringify(takeSnapshot(this.run.state, { replica: true }))) as Snapshot;
    const replica = Replica.restore(this.run.state.plan, snapshot);
    const reports: (AttemptRef & Report)[] = [];
    for (let nodes = Math.floor(this.#random() * 8); nodes > 0; nodes -= 1) {
      const execution = replica.nextPure("io");
      if (execution === undefined) {
        break;
      }
      const names = { node_execution_id: execution.id, attempt: execution.attempt + 1 };
      const held = { ...names, ...behaviour(execution), sent: 0 };
      const report = { ...names, begun: true, firstOutput: 0, outputs: held.outputs, end: endOf(held) };
      expect(replica.apply(report), "[LC2] what the replica says comes next is accepted").toBe(true);
      reports.push(report);
      if (held.fails) {
        replica.part();
      }
    }
    const before = this.run.state.lastSeq;
    if (!inStep) {
      this.apply({ type: "lease", pool: "io", max: 1 });
    }
    const moved = this.run.state.lastSeq !== before;
    // A replica has no clock: what the object hands out because a backoff is over, it cannot foretell.
    const backoffOver = [...this.run.state.delayed].some(({ notBefore }) => notBefore <= this.now);
    const max = Math.floor(this.#random() * 3);
    const commit = this.apply({ type: "report", reports, continuedFrom: replica.base, pool: "io", max });
    if (isTerminal(this.run.state.status) && commit.events.length === 0) {
      return;
    }
    if (moved) {
      expect(commit.refused, "[LC1] a stretch from another state is refused").toHaveLength(reports.length);
    } else {
      expect(commit.refused).toEqual([]);
      if (!replica.parted && !backoffOver) {
        const leased = commit.leased.map(({ id }) => id);
        const same = replica.confirm({ pool: "io", max, seq: this.run.state.lastSeq, leased });
        expect(same, "[LC3] the replica has foretold the object's state").toBe(true);
      }
    }
  }

  /** The object is evicted and comes back from its log; the state must be the one it had. */
  restart(): void {
    const before = canonicalState(this.run.state);
    this.run = Run.load(this.store, this.now, () => LEASE_MS) as Run;
    expect(canonicalState(this.run.state), "[SN2] the snapshot and what is after it make the same state").toEqual(
      before,
    );
    const snapshot = JSON.parse(JSON.stringify(takeSnapshot(this.run.state))) as Snapshot;
    expect(canonicalState(restoreSnapshot(this.run.state.plan, snapshot)), "a snapshot keeps all of it").toEqual(
      before,
    );
  }

  /** Everybody does their work, nothing goes wrong: the run must end by itself. */
  finish(): void {
    for (let turn = 0; turn < 20_000 && !isTerminal(this.run.state.status); turn += 1) {
      this.apply({ type: "lease", pool: "io", max: 5 });
      for (const held of [...this.held]) {
        const report = { firstOutput: held.sent, outputs: held.outputs.slice(held.sent), end: endOf(held) };
        const { node_execution_id, attempt } = held;
        this.apply({ type: "report", reports: [{ node_execution_id, attempt, ...report }], pool: "io", max: 0 });
      }
      this.held.length = 0;
      const alarm = nextAlarm(this.run.state, this.now, LEASE_MS);
      if (alarm !== null) {
        this.now = Math.max(this.now, alarm);
        this.apply({ type: "tick" });
      }
    }
  }

  log(): LogBatch[] {
    return [...this.store.batches(0)];
  }
}

/** Every third attempt knows no cost. */
function usageOf(ne: string, attempt: number): NodeUsage {
  const number = Number(ne.slice(1));
  const tokens = { input_tokens: number * 3 + attempt, output_tokens: attempt };
  return number % 3 === 0 ? tokens : { ...tokens, cost_usd: (number * 100_000_007 + attempt) / 1e9 };
}

function endOf(held: Held): Report["end"] {
  const base = { durationMs: 1, usage: usageOf(held.node_execution_id, held.attempt) };
  return held.fails
    ? {
        ...base,
        status: "failed",
        error: { code: "test", message: "it failed" },
        retryable: false,
        retryAfterMs: undefined,
      }
    : { ...base, status: "completed" };
}

/** What must hold of every log, whatever happened. */
function checkLog(simulation: Simulation, plan: Plan): void {
  let seq = 0;
  const started = new Set<string>();
  const over = new Set<string>();
  const outputs = new Map<string, JsonValue[]>();
  const queued = new Map<string, string[]>();
  const attempts = new Map<string, number>();
  const used = { input_tokens: 0, output_tokens: 0, parts: 0 };
  for (const batch of simulation.log()) {
    expect(batch.first_seq).toBe(seq + 1);
    seq += batch.events.length;
    for (const event of batch.events) {
      if ("usage" in event && event.usage !== undefined) {
        const expected = usageOf(event.ne, attempts.get(event.ne) ?? 0);
        expect(event.usage, "[US1] the usage of the attempt that ended").toEqual(expected);
        used.input_tokens += expected.input_tokens ?? 0;
        used.output_tokens += expected.output_tokens ?? 0;
        used.parts += Math.round((expected.cost_usd ?? 0) * 1e9);
      }
      if (event.type === "node_queued") {
        expect(queued.has(event.ne), "[JN2] queued once").toBe(false);
        const pins = event.refs.map(([pin]) => pin);
        const start = plan.starts.includes(event.node) && pins.length === 0;
        const gathers = plan.nodes[event.node]?.gathers;
        if (gathers !== undefined) {
          expect(start || event.gathered !== undefined, "[GA1] gathered").toBe(true);
        } else if (!start) {
          expect(pins.sort(), "[JN2] all linked pins").toEqual([...(plan.nodes[event.node]?.linked_pins ?? [])].sort());
        }
        queued.set(event.ne, pins);
      } else if (event.type === "node_started") {
        expect(queued.has(event.ne), "[LS1] started after queued").toBe(true);
        expect(over.has(event.ne), "[LS1] not started after its end").toBe(false);
        started.add(event.ne);
        attempts.set(event.ne, event.attempt);
      } else if (event.type === "node_output" && event.pin !== "error") {
        outputs.set(event.ne, [...(outputs.get(event.ne) ?? []), [event.pin, event.value]]);
        const yielded = behaviour({ id: event.ne, node: event.node }).outputs;
        expect(yielded.slice(0, outputs.get(event.ne)?.length), "[RP3] no output twice").toEqual(outputs.get(event.ne));
      } else if (event.type === "node_completed" || event.type === "node_failed") {
        expect(started.has(event.ne)).toBe(true);
        expect(over.has(event.ne), "[RP1] one committed result").toBe(false);
        over.add(event.ne);
        if (event.type === "node_completed") {
          const yielded = behaviour({ id: event.ne, node: event.node }).outputs;
          expect(outputs.get(event.ne) ?? [], "[RP2] no output lost").toEqual(yielded);
          expect(event.usage, "[US1] no usage lost").toBeDefined();
        }
      }
    }
  }
  const { input_tokens, output_tokens, cost_usd = 0 } = simulation.run.state.stats;
  const parts = Math.round(cost_usd * 1e9);
  expect({ input_tokens, output_tokens, parts }, "[US1] [US2] the sum of what the log has").toEqual(used);
}

function inputOf(log: LogEvent[], event: Extract<LogEvent, { type: "node_queued" }>): JsonObject {
  const valueOf = (ref: ValueRef): JsonValue => {
    const [seq, name] = typeof ref === "number" ? [ref, ""] : ref;
    const output = log[seq - 1];
    const value = output?.type === "node_output" ? output.value : null;
    const key = name.split("_#_")[1];
    return key === undefined ? value : ((value as JsonObject)[key] ?? null);
  };
  return {
    ...Object.fromEntries(event.refs.map(([pin, ref]) => [pin, valueOf(ref)])),
    ...(event.gathered === undefined ? {} : { item: event.gathered.map(valueOf) }),
    ...event.literals,
  };
}

function checkAgainstReference(simulation: Simulation, plan: Plan): void {
  const reference = new ReferenceInterpreter(plan, { in0: "given" });
  const queuedIds: string[] = [];
  const inputs: JsonObject[] = [];
  const all = simulation.log().flatMap(({ events }) => events);
  const failing = new Set<string>();
  for (const { events } of simulation.log()) {
    for (const [index, event] of events.entries()) {
      if (event.type === "node_queued") {
        queuedIds.push(event.ne);
        inputs.push(inputOf(all, event));
      } else if (event.type === "node_output" && event.pin === "error") {
        failing.add(event.ne);
        reference.output(event.ne, "error", event.value);
      } else if (event.type === "node_output") {
        reference.output(event.ne, event.pin, event.value);
      } else if (event.type === "node_completed") {
        reference.complete(event.ne);
      } else if (event.type === "node_failed") {
        expect(failing.has(event.ne), `[RP4] error output before the failure, event ${index}`).toBe(true);
        reference.end(event.ne);
      }
    }
  }
  const limited = simulation.run.state.error?.code === "step_limit";
  const expected = reference.queued.map(({ id }) => id);
  expect(queuedIds).toEqual(limited ? expected.slice(0, queuedIds.length) : expected);
  expect(inputs).toEqual(reference.queued.slice(0, inputs.length).map(({ input }) => input));
  if (!limited) {
    expect(Object.fromEntries(simulation.run.state.outputs)).toEqual(reference.runOutputs);
  }
}

describe("the engine against an independent reading of the rules", () => {
  it("[SN2] [GA1] [GA2] [GA3] [GA6] [JN1] [JN2] [JN3] [JN6] [FF1] [LC1] [LC2] [LC3] [LS3] [LS4] [RP1] [RP2] [RP3] [RP4] [ST1] [EN1] random graphs, yields, interleavings, losses, repeats and restarts", () => {
    fc.assert(
      fc.property(randomPlan, fc.array(fc.nat(999), { minLength: 20, maxLength: 200 }), (plan, choices) => {
        let turn = 0;
        const random = (): number => ((Math.imul((turn += 1), 2_654_435_761) >>> 0) % 1_000) / 1_000;
        const simulation = new Simulation(plan, random);
        for (const choice of choices) {
          if (isTerminal(simulation.run.state.status)) {
            break;
          }
          simulation.step(choice / 1_000);
        }
        simulation.finish();
        expect(isTerminal(simulation.run.state.status), "every run ends").toBe(true);
        simulation.restart();
        checkLog(simulation, plan);
        checkAgainstReference(simulation, plan);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  }, 120_000);
});
