import type { LogBatch, LogEvent } from "#durable-objects/execution/core/log-event.ts";
import type { RunHeader } from "#durable-objects/execution/store.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan, PlanNode } from "#graph/plan/plan.ts";
import { AgainstReference } from "./against-reference.ts";
import { limitOf, mayFailEarly, nextLimit, OVER_ALL } from "./attempt-limit.ts";
import { CarriedValues } from "./carried-values.ts";
import { checkChildCompleted, failuresOfChild } from "./child-end.ts";
import { newEntry, nodeOf } from "./log-entry.ts";
import type { Entry, EventOf } from "./log-entry.ts";
import { MemoModel } from "./rerun-model.ts";
import { RunEnd } from "./run-end.ts";
import type { EndEvent } from "./run-end.ts";
import { expectedYields, possibleFailures, runsAgent, usageOf } from "./scripted-block.ts";
import { amountsOf, NOTHING, sumOf, UsageModel } from "./usage-model.ts";
import type { Amounts } from "./usage-model.ts";
import { must } from "./violation.ts";
import { WaitsInLog } from "./waits-in-log.ts";
import type { World } from "./world.ts";

/** The log of the run that a node execution has started, if there is one. */
export type ChildOf = (ne: string) => LogModel | null;

/** What else there is that has to do with a run. */
export interface Around {
  childOf: ChildOf;
  /** The log of the run that has started it; null for one that people have started. */
  parentOf: (header: RunHeader) => LogModel | null;
  /** It was asked to stop with these words. */
  wantsEnd: (reason: string) => boolean;
}

/**
 * Reads a log as it grows and holds it against the rules, without any code of the core: order, inputs before starts, one result each, outputs
 * as the block must have yielded them, and what an independent interpreter makes of the same commits.
 */
export class LogModel {
  readonly header: RunHeader;
  readonly plan: Plan;
  readonly entries = new Map<string, Entry>();
  readonly events: LogEvent[] = [];
  /** The last event of the run. */
  ended: LogEvent | null = null;
  commits = 0;
  paused = false;
  /** Outputs of the run in the order in which they came. */
  readonly yielded: [name: string, value: JsonValue][] = [];
  /** Told of every attempt that is given up as lost. */
  onLost: (entry: Entry) => void = () => {};
  readonly #world: World;
  /** In the order in which they were queued. */
  readonly queued: string[] = [];
  inputs: JsonObject = {};
  readonly waits = new WaitsInLog();
  readonly reference: AgainstReference;
  readonly #values: CarriedValues;
  readonly #memo: MemoModel | null;
  readonly #childOf: ChildOf;
  readonly #end: RunEnd;
  readonly #used = new UsageModel();

  constructor(header: RunHeader, world: World, { childOf, parentOf, wantsEnd }: Around) {
    this.#childOf = childOf;
    this.header = header;
    this.plan = header.plan;
    this.#world = world;
    const open = (value: JsonValue): JsonValue => world.large?.opened(header.execution_id, value) ?? value;
    this.#memo = header.reuse === undefined ? null : new MemoModel(header.reuse, open);
    this.#values = new CarriedValues(this.plan, this.events);
    this.reference = new AgainstReference(this, this.#memo);
    this.#end = new RunEnd(this.plan, { wantsEnd, isOrphan: () => (parentOf(header)?.ended ?? null) !== null });
  }

  /** What the attempts have used whose end is in the log. */
  get used(): Amounts {
    return this.#used.total;
  }

  get lastSeq(): number {
    return this.events.length;
  }

  /** Is just this attempt running? */
  runs(ne: string, attempt: number): boolean {
    const entry = this.entries.get(ne);
    return this.ended === null && entry?.status === "running" && entry.attempt === attempt;
  }

  /** Something is queued or running that somebody must see to. */
  get hasWork(): boolean {
    return [...this.entries.values()].some(
      ({ status }) => status === "running" || (status === "queued" && !this.paused),
    );
  }

  /** When the next of its node executions has had its time (rule RT4), of the log's clock; Infinity: none. */
  get nextLimit(): number {
    return nextLimit(this.plan, this.entries.values());
  }

  /** When it has had its time itself (rule EN4), of the same clock. */
  get deadline(): number {
    return this.#end.deadline;
  }

  /** It has ended before it had come to all of its node executions. */
  get isCutShort(): boolean {
    const { ended, plan, queued } = this;
    return ended?.type === "execution_failed" && ended.error.code === "step_limit" && queued.length === plan.step_limit;
  }

  /** Executions of a pool, pure or effectful ones, that are ready to be called for, or will be. */
  queuedFor(pool: string, pure: boolean): number {
    return [...this.entries.values()].filter(({ node, status }) => {
      const of = this.#node(node);
      return status === "queued" && of.pool === pool && (of.effects === "pure") === pure;
    }).length;
  }

  since(seq: number): LogEvent[] {
    return this.events.slice(seq);
  }

  take(batch: LogBatch): void {
    this.commits += 1;
    must(
      batch.first_seq === this.lastSeq + 1,
      "total-order",
      () => `a batch begins at ${batch.first_seq} after ${this.lastSeq}`,
    );
    for (const event of batch.events) {
      must(this.ended === null, "total-order", () => `${event.type} after the end`);
      this.events.push(event);
      this.#event(event, batch.at);
    }
    for (const entry of this.entries.values()) {
      must(
        !entry.errorTold || entry.status === "over",
        "one-result",
        () => `${entry.ne} told its error and has not failed`,
      );
      // Rule RU1: in the commit in which it is queued.
      must(
        entry.known === null || entry.completed,
        "reused-not-run",
        () => `the result of ${entry.ne} was at hand, and it is ${entry.status}`,
      );
    }
    this.reference.checkQueued();
  }

  #event(event: LogEvent, at: number): void {
    switch (event.type) {
      case "execution_started":
        this.inputs = event.inputs;
        this.#end.started(at);
        this.reference.begin(event.inputs);
        return;
      case "node_input":
        this.#values.at(event, event.pin, event.ref);
        this.#values.gather(event);
        return void this.#entry(event);
      case "node_queued":
        return this.#nodeQueued(event);
      case "node_started":
        return this.#nodeStarted(event, at);
      case "node_output":
        return this.#nodeOutput(event, at);
      case "node_completed":
        return this.#nodeCompleted(event);
      case "node_failed":
        return this.#nodeFailed(event, at);
      case "node_retrying":
        return this.#nodeRetrying(event, at);
      case "node_terminated":
        this.#nodeTerminated(event);
        return;
      case "node_waiting":
        return this.#nodeWaiting(event);
      case "node_resumed":
        return this.#nodeResumed(event, at);
      case "execution_output": {
        const value = event.ref === undefined ? (event.value ?? null) : this.#values.at(event, "value", event.ref);
        this.yielded.push([event.name, value]);
        return;
      }
      case "execution_paused":
      case "execution_unpaused":
        this.paused = event.type === "execution_paused";
        return;
      case "execution_completed":
      case "execution_failed":
      case "execution_terminated":
        return this.#runEnded(event, at);
      case "execution_running":
      case "execution_review":
        return;
    }
  }

  #entry({ ne, node }: { ne: string; node: number }): Entry {
    let entry = this.entries.get(ne);
    if (entry === undefined) {
      entry = newEntry({ ne, node });
      this.entries.set(ne, entry);
    }
    must(entry.node === node, "total-order", () => `${ne} is of node ${entry.node} and of node ${node}`);
    return entry;
  }

  #open(event: { type: string; ne: string; node: number }): Entry {
    const entry = this.#entry(event);
    must(entry.status !== "over", "one-result", () => `${event.type} of ${event.ne}, which is over`);
    must(entry.status !== "incomplete", "inputs-first", () => `${event.type} of ${event.ne}, which lacks inputs`);
    return entry;
  }

  #running(event: { type: string; ne: string; node: number }): Entry {
    const entry = this.#open(event);
    const running = entry.status === "running" || (entry.status === "waiting" && runsAgent(this.#node(event.node)));
    must(running, "begun-is-logged", () => `${event.type} of ${event.ne}, which is ${entry.status}`);
    return entry;
  }

  #node(index: number): PlanNode {
    return nodeOf(this.plan, index);
  }

  #limitOf(entry: Entry): number {
    return limitOf(this.#node(entry.node), entry);
  }

  #nodeQueued(event: EventOf<"node_queued">): void {
    const entry = this.#entry(event);
    must(entry.status === "incomplete", "one-result", () => `${event.ne} is queued twice`);
    const input: JsonObject = {};
    for (const [pin, ref] of event.refs) {
      input[pin] = this.#values.at(event, pin, ref);
    }
    const { id, linked_pins, gathers } = this.#node(event.node);
    const isStart = this.commits === 1 && this.plan.starts.includes(event.node);
    if (gathers !== undefined && event.gathered !== undefined) {
      input[gathers.pin] = this.#values.list(event, event.gathered, gathers.pin);
    }
    const lacking = gathers === undefined ? linked_pins.filter((pin) => !Object.hasOwn(input, pin)) : [];
    must(isStart || lacking.length === 0, "inputs-first", () => `${event.ne} is queued without ${lacking.join(", ")}`);
    // They lie over what links brought.
    Object.assign(input, event.literals);
    entry.ordinal = this.queuedOf(event.node).length;
    entry.laid = this.#memo?.overlay(id, entry.ordinal) ?? null;
    entry.known = entry.laid === null ? (this.#memo?.take(id, input) ?? null) : null;
    entry.input = input;
    entry.status = "queued";
    this.queued.push(event.ne);
    this.#end.queued(event.ne);
  }

  #nodeStarted(event: EventOf<"node_started">, at: number): void {
    const entry = this.#open(event);
    must(
      !this.paused || entry.known !== null,
      "paused-is-paused",
      () => `${event.ne} is started while the run is paused`,
    );
    must(entry.status === "queued", "one-result", () => `${event.ne} is started while it is ${entry.status}`);
    must(
      event.attempt === entry.attempt + 1,
      "one-result",
      () => `attempt ${event.attempt} of ${event.ne} follows ${entry.attempt}`,
    );
    const timely = at >= entry.notBefore || this.#world.faults.rates.has("object_clock_jumps");
    must(timely, "time-has-come", () => `${event.ne} is started ${entry.notBefore - at} ms too early`);
    const limit = this.#limitOf(entry);
    const inTime = at < limit || this.#world.faults.rates.has("object_clock_jumps");
    must(inTime, "time-is-up", () => `${event.ne} is started ${at - limit} ms after its limit`);
    const { effects, retry } = this.#node(event.node);
    const mayRepeat = entry.lost === 0 || effects !== "once" || retry?.on?.includes("outcome_unknown") === true;
    must(mayRepeat, "once-is-once", () => `${event.ne} was lost, is to have its effect once, and is started again`);
    entry.attempt = event.attempt;
    entry.status = "running";
    entry.startedAt = this.#world.now;
    entry.triedSince ??= at;
  }

  #nodeOutput(event: EventOf<"node_output">, at: number): void {
    const entry = this.#open(event);
    // What is to be repeated may have had its time before it is (rule RT4).
    const isOverdue = event.pin === "error" && entry.status === "queued" && this.#limitOf(entry) <= at;
    must(
      entry.status === "running" || entry.status === "waiting" || isOverdue,
      "begun-is-logged",
      () => `${event.ne} yields and is ${entry.status}`,
    );
    must(!entry.errorTold, "one-result", () => `${event.ne} yields after its error`);
    this.reference.output(entry, event.pin, event.value);
    if (event.pin === "error") {
      entry.errorTold = true;
      return;
    }
    entry.outputs.push([event.pin, event.value]);
    const expected = this.#expected(entry)[entry.outputs.length - 1];
    const same = JSON.stringify(expected) === JSON.stringify([event.pin, event.value]);
    must(same, "outputs-once", () => {
      const given = JSON.stringify([event.pin, event.value]);
      return `output ${entry.outputs.length} of ${event.ne}, node ${event.node}, is ${given} and must be ${JSON.stringify(expected)}`;
    });
  }

  /** A node that runs an agent yields what the agent's run has yielded, any other what its script says. */
  #expected(entry: Entry): [string, JsonValue][] {
    if (entry.known !== null) {
      return entry.known.outputs;
    }
    if (runsAgent(this.#node(entry.node))) {
      return this.#childOf(entry.ne)?.yielded ?? [];
    }
    return expectedYields(this.#node(entry.node), entry.input ?? {});
  }

  #nodeCompleted(event: EventOf<"node_completed">): void {
    const entry = this.#running(event);
    const expected = this.#expected(entry).length;
    must(
      entry.outputs.length === expected,
      "outputs-once",
      () => `${event.ne} completed with ${entry.outputs.length} outputs of ${expected}`,
    );
    must(
      event.reused === (entry.known === null ? undefined : "memo"),
      "reused-not-run",
      () => `${event.ne} completed, reused: ${event.reused}, known: ${JSON.stringify(entry.known)}`,
    );
    if (entry.known === null) {
      if (runsAgent(this.#node(event.node))) {
        checkChildCompleted(event, this.#childOf(event.ne)?.ended ?? null);
      }
      this.#endsWith(event, entry);
    } else {
      this.#used.reused(event, entry.known.used);
      entry.used = entry.known.used;
      this.#world.features.happened("reruns");
    }
    entry.completed = true;
    entry.status = "over";
    this.reference.complete(entry);
  }

  /** A failed attempt; where values lie outside of the log, it may have failed before its block began. */
  #ended(event: EventOf<"node_failed"> | EventOf<"node_retrying">, entry: Entry): void {
    if (this.#world.large === null || event.usage !== undefined) {
      this.#endsWith(event, entry);
    }
  }

  /** What the attempt used that ends with this event is added to the run's sum. */
  #endsWith(event: Parameters<UsageModel["ended"]>[0], entry: Entry): void {
    const used = this.#usageOf(entry);
    this.#used.ended(event, used);
    entry.used = sumOf(entry.used, used);
  }

  /** An attempt may have ended in the moment in which the run came to its end. */
  #nodeTerminated(event: EventOf<"node_terminated">): void {
    const entry = this.#open(event);
    if (event.usage !== undefined) {
      this.#used.ended(event, this.#usageOf(entry));
    }
    entry.status = "over";
  }

  /** What the attempt that ends now has used: of a node that waits for an agent, what the agent's run has. */
  #usageOf(entry: Entry): Amounts {
    return entry.status === "waiting"
      ? (this.#childOf(entry.ne)?.used ?? NOTHING)
      : amountsOf(usageOf(this.#node(entry.node).id, entry.attempt));
  }

  #nodeFailed(event: EventOf<"node_failed">, at: number): void {
    const entry = this.#open(event);
    const node = this.#node(event.node);
    must(entry.errorTold, "outputs-once", () => `${event.ne} failed without a value on its error pin`);
    must(event.handled === node.error_linked, "outputs-once", () => `${event.ne}: handled is ${event.handled}`);
    const { code } = event.error;
    const away = this.#world.large !== null && node.effects === "once" ? ["storage_unavailable"] : [];
    const ofChild = runsAgent(node) ? failuresOfChild(this.#childOf(event.ne)?.ended ?? null) : [];
    const possible = [...possibleFailures(node), ...ofChild, ...away];
    must(possible.includes(code), "outputs-once", () => `${event.ne} failed with ${code}: ${event.error.message}`);
    // A node that runs an agent fails with the agent's code, and has lost nothing itself.
    if (entry.status === "running" && (code === "outcome_unknown" || code === "attempts_exhausted")) {
      this.onLost(entry);
      this.#used.nothing(event);
    } else if (entry.status !== "waiting" && event.error.message.startsWith(OVER_ALL)) {
      this.#checkLimit(event, entry, at);
    } else {
      this.#ended(event, entry);
    }
    this.#end.failed(event);
    entry.status = "over";
    entry.errorTold = true;
    this.reference.end(entry);
  }

  /** Rule RT4: its attempts have had their time together, or the next could only begin after it. */
  #checkLimit(event: EventOf<"node_failed">, entry: Entry, at: number): void {
    const limit = this.#limitOf(entry);
    this.#world.features.happened("total_limits");
    if (at < limit) {
      must(
        mayFailEarly(this.#node(entry.node), entry, at),
        "time-is-up",
        () => `${event.ne} fails at ${at} for its limit of ${limit}`,
      );
      this.#ended(event, entry);
    } else if (event.usage !== undefined) {
      this.#endsWith(event, entry);
    }
  }

  #nodeWaiting(event: EventOf<"node_waiting">): void {
    const entry = this.#running(event);
    this.#endsWith(event, entry);
    this.waits.waiting(event, entry);
  }

  #nodeResumed(event: EventOf<"node_resumed">, at: number): void {
    this.waits.resumed(event, this.#open(event), at);
  }

  #nodeRetrying(event: EventOf<"node_retrying">, at: number): void {
    const entry = this.#running(event);
    const limit = this.#limitOf(entry);
    must(event.retry_at < limit, "time-is-up", () => `${event.ne} is repeated at ${event.retry_at}, limit ${limit}`);
    must(
      event.attempt === entry.attempt,
      "one-result",
      () => `attempt ${event.attempt} of ${event.ne} is given up, ${entry.attempt} runs`,
    );
    const { retry, effects } = this.#node(event.node);
    if (event.lost) {
      entry.lost += 1;
      this.#used.nothing(event);
      this.onLost(entry);
      must(entry.lost < 5, "every-run-ends", () => `${event.ne} is handed out again after ${entry.lost} losses`);
      const mayRepeat = effects !== "once" || retry?.on?.includes("outcome_unknown") === true;
      must(mayRepeat, "once-is-once", () => `${event.ne} is to have its effect once and is repeated`);
    } else {
      entry.failures += 1;
      this.#ended(event, entry);
      must(
        entry.failures < (retry?.max_attempts ?? 1),
        "once-is-once",
        () => `${event.ne} is repeated against its policy`,
      );
    }
    entry.status = "queued";
    // Without a pause it may begin at once, and the one who says so may have another clock than the one who begins it.
    entry.notBefore = event.retry_at > at ? event.retry_at : 0;
  }

  #runEnded(event: EndEvent, at: number): void {
    this.ended = event;
    this.#used.check(event.stats);
    this.#end.check(event, this.entries.values(), at);
  }

  /** The executions of a node, in the order in which they were queued. */
  queuedOf(node: number): Entry[] {
    return this.queued.flatMap((ne) => {
      const entry = this.entries.get(ne);
      return entry?.node === node ? [entry] : [];
    });
  }

  /** The run's outputs by name. */
  get outputs(): Record<string, JsonValue[]> {
    const outputs: Record<string, JsonValue[]> = {};
    for (const [name, value] of this.yielded) {
      (outputs[name] ??= []).push(value);
    }
    return outputs;
  }
}
