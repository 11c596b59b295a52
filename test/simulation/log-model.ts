import type { LogBatch, LogEvent, ValueRef } from "#durable-objects/execution/core/log-event.ts";
import { ReferenceInterpreter } from "#durable-objects/execution/core/reference-interpreter.testkit.ts";
import type { RunHeader } from "#durable-objects/execution/store.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan, PlanNode } from "#graph/plan/plan.ts";
import type { RunError } from "#graph/run/event.ts";
import type { ResumeReason, WaitKind } from "#graph/run/wait.ts";
import { callOf } from "./outsider.ts";
import { MemoModel } from "./rerun-model.ts";
import type { Known } from "./rerun-model.ts";
import { expectedYields, LONGEST_WISH_MS, possibleFailures, runsAgent, usageOf } from "./scripted-block.ts";
import { amountsOf, NOTHING, UsageModel } from "./usage-model.ts";
import type { Amounts } from "./usage-model.ts";
import { must, Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** One node execution as the log tells it. */
export interface Entry {
  ne: string;
  node: number;
  /** Null until it is queued. */
  input: JsonObject | null;
  status: "incomplete" | "queued" | "running" | "waiting" | "over";
  attempt: number;
  /** Outputs of the block, the engine's own on `error` not counted. */
  outputs: [pin: string, value: JsonValue][];
  failures: number;
  lost: number;
  notBefore: number;
  /** True time of the last start. */
  startedAt: number;
  errorTold: boolean;
  /** When its wait ends by itself. */
  until: number | null;
  /** What it waits for, or waited for last. */
  waitsFor: WaitKind | null;
  /** What the next attempt is told of the wait that is over. */
  resume: { reason: ResumeReason; data: JsonValue } | null;
  /** Its wait for a call is over. */
  called: boolean;
  /** Of the log's clock: its attempts have their time together from here on; null before the first, and while it waits. */
  triedSince: number | null;
  completed: boolean;
  /** The result that it has from an earlier run. */
  known: Known | null;
  /** How many executions of its node were queued before. */
  ordinal: number;
  /** Values that a fork has laid over its input. */
  laid: JsonObject | null;
  /** What its ended attempts have used. */
  used: Amounts;
}

/** How the engine begins its word of a limit over all attempts. */
const OVER_ALL = "The attempts of this node took longer than the limit";

type EventOf<T extends LogEvent["type"]> = Extract<LogEvent, { type: T }>;

/** The log of the run that a node execution has started, if there is one. */
export type ChildOf = (ne: string) => LogModel | null;

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
  #reference: ReferenceInterpreter | null = null;
  /** In the order in which they were queued. */
  readonly queued: string[] = [];
  inputs: JsonObject = {};
  /** Calls from outside that ended a wait. */
  readonly callsHeard: { ne: string; data: JsonValue }[] = [];
  readonly #memo: MemoModel | null;
  /**
   * Results that are at hand come several at a time, before the first of their outputs travels. The interpreter, which hears of them one after the other, then
   * makes a list of all values earlier than the engine does, though of the same values. There is no order between different nodes (rule FF1): where that may
   * happen, each node is compared for itself.
   */
  readonly #nodeByNode: boolean;
  readonly #childOf: ChildOf;
  /** By node: values that arrived to be gathered and are in no list. */
  readonly #gathered = new Map<number, ValueRef[]>();
  #unhandled: RunError | null = null;
  readonly #used = new UsageModel();

  constructor(header: RunHeader, world: World, childOf: ChildOf) {
    this.#childOf = childOf;
    this.header = header;
    this.plan = header.plan;
    this.#world = world;
    const open = (value: JsonValue): JsonValue => world.large?.opened(header.execution_id, value) ?? value;
    this.#nodeByNode = header.reuse !== undefined && this.plan.nodes.some(({ gathers }) => gathers?.until === "end");
    this.#memo = header.reuse === undefined ? null : new MemoModel(header.reuse, open);
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

  /** When the next of its node executions that `are` has had its time (rule RT4); Infinity: none. */
  nextLimit(are: (entry: Entry) => boolean): number {
    return Math.min(...[...this.entries.values()].filter(are).map((entry) => this.#limitOf(entry)));
  }

  /** Executions of a pool that are ready to be called for, or will be. */
  effectfulQueued(pool: string): number {
    return [...this.entries.values()].filter(({ node, status }) => {
      const of = this.#node(node);
      return status === "queued" && of.pool === pool && of.effects !== "pure";
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
    this.#checkQueued();
  }

  #event(event: LogEvent, at: number): void {
    switch (event.type) {
      case "execution_started":
        this.inputs = event.inputs;
        this.#reference = new ReferenceInterpreter(this.plan, event.inputs);
        return;
      case "node_input":
        this.#checkRef(event, event.pin, event.ref);
        if (event.pin === this.#node(event.node).gathers?.pin) {
          this.#gathered.set(event.node, [...(this.#gathered.get(event.node) ?? []), event.ref]);
        }
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
        const value = event.ref === undefined ? (event.value ?? null) : this.#checkRef(event, "value", event.ref);
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
        return this.#runEnded(event);
      case "execution_running":
      case "execution_review":
        return;
    }
  }

  #entry({ ne, node }: { ne: string; node: number }): Entry {
    let entry = this.entries.get(ne);
    if (entry === undefined) {
      const counts = { attempt: 0, failures: 0, lost: 0, notBefore: 0, startedAt: 0 };
      const wait = { until: null, waitsFor: null, resume: null, called: false, triedSince: null };
      const reuse = { completed: false, known: null, ordinal: 0, laid: null, used: { ...NOTHING } };
      entry = {
        ne,
        node,
        input: null,
        status: "incomplete",
        outputs: [],
        errorTold: false,
        ...counts,
        ...wait,
        ...reuse,
      };
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
    const node = this.plan.nodes[index];
    if (node === undefined) {
      throw new Violation("total-order", `the log names node ${index}`);
    }
    return node;
  }

  /** A value at a pin comes from an earlier output that a link carries there. */
  #checkRef({ node }: { node: number }, pin: string, ref: ValueRef): JsonValue {
    const [seq, name] = typeof ref === "number" ? [ref, null] : ref;
    const output = this.events[seq - 1];
    if (output?.type !== "node_output") {
      throw new Violation("inputs-first", `pin ${pin} of node ${node} names event ${seq}, which is no output`);
    }
    const carried = this.#node(output.node).links.some(
      (link) => link.sink === node && link.sink_name === pin && link.source_name === (name ?? output.pin),
    );
    must(carried, "inputs-first", () => `no link carries event ${seq} to pin ${pin} of node ${node}`);
    const key = name?.split("_#_")[1];
    return key === undefined ? output.value : ((output.value as JsonObject)[key] ?? null);
  }

  #nodeQueued(event: EventOf<"node_queued">): void {
    const entry = this.#entry(event);
    must(entry.status === "incomplete", "one-result", () => `${event.ne} is queued twice`);
    const input: JsonObject = {};
    for (const [pin, ref] of event.refs) {
      input[pin] = this.#checkRef(event, pin, ref);
    }
    const { id, linked_pins, gathers } = this.#node(event.node);
    const isStart = this.commits === 1 && this.plan.starts.includes(event.node);
    if (gathers !== undefined && event.gathered !== undefined) {
      input[gathers.pin] = this.#checkGathered(event.gathered, event, gathers.pin);
    }
    const lacking = gathers === undefined ? linked_pins.filter((pin) => !Object.hasOwn(input, pin)) : [];
    must(isStart || lacking.length === 0, "inputs-first", () => `${event.ne} is queued without ${lacking.join(", ")}`);
    // They lie over what links brought.
    Object.assign(input, event.literals);
    entry.ordinal = this.#queuedOf(event.node).length;
    entry.laid = this.#memo?.overlay(id, entry.ordinal) ?? null;
    entry.known = entry.laid === null ? (this.#memo?.take(id, input) ?? null) : null;
    entry.input = input;
    entry.status = "queued";
    this.queued.push(event.ne);
  }

  /** A list has the values that arrived at its node, in their order, each in one list. */
  #checkGathered(refs: ValueRef[], event: EventOf<"node_queued">, pin: string): JsonValue[] {
    const held = this.#gathered.get(event.node)?.splice(0, refs.length) ?? [];
    must(
      JSON.stringify(refs) === JSON.stringify(held),
      "inputs-first",
      () => `${event.ne} takes ${JSON.stringify(refs)} where ${JSON.stringify(held)} arrived`,
    );
    return refs.map((ref) => this.#checkRef(event, pin, ref));
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
    this.#reference?.output(this.#idInReference(entry), event.pin, event.value);
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
      this.#endsWith(event, entry);
    } else {
      this.#used.reused(event, entry.known.used);
      entry.used = entry.known.used;
      this.#world.features.happened("reruns");
    }
    entry.completed = true;
    entry.status = "over";
    this.#reference?.complete(this.#idInReference(entry));
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
    const child = runsAgent(node) ? this.#childOf(entry.ne)?.ended : undefined;
    const ofChild = child?.type === "execution_failed" ? [child.error.code] : ["child_terminated"];
    const away = this.#world.large !== null && node.effects === "once" ? ["storage_unavailable"] : [];
    const possible = [...possibleFailures(node), ...(child === undefined ? [] : ofChild), ...away];
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
    if (!event.handled) {
      this.#unhandled ??= event.error;
    }
    entry.status = "over";
    entry.errorTold = true;
    this.#reference?.end(this.#idInReference(entry));
  }

  /** Rule RT4: its attempts have had their time together, or the next could only begin after it. */
  #checkLimit(event: EventOf<"node_failed">, entry: Entry, at: number): void {
    const limit = this.#limitOf(entry);
    const { retry } = this.#node(entry.node);
    this.#world.features.happened("total_limits");
    if (at < limit) {
      const { max_attempts = 1, backoff_ms = 0, max_backoff_ms = 0 } = retry ?? {};
      const longest = Math.max(LONGEST_WISH_MS, Math.min(max_backoff_ms, backoff_ms * 2 ** entry.failures));
      must(
        entry.status === "running" && entry.failures + 1 < max_attempts && at + longest >= limit,
        "time-is-up",
        () => `${event.ne} fails at ${at} for its limit of ${limit}`,
      );
      this.#ended(event, entry);
    } else if (event.usage !== undefined) {
      this.#endsWith(event, entry);
    }
  }

  #limitOf({ node, triedSince }: Entry): number {
    const { total_timeout_ms } = this.#node(node);
    return total_timeout_ms === undefined || triedSince === null ? Infinity : triedSince + total_timeout_ms;
  }

  #nodeWaiting(event: EventOf<"node_waiting">): void {
    const entry = this.#running(event);
    this.#endsWith(event, entry);
    entry.waitsFor = event.wait.kind;
    entry.triedSince = null;
    entry.status = "waiting";
    entry.notBefore = event.wait.kind === "timer" ? (event.wait.until ?? 0) : 0;
    entry.until = event.wait.until;
  }

  /** Rules WT2 and WT3: a wait ends once, for its time or for what it was for. */
  #nodeResumed(event: EventOf<"node_resumed">, at: number): void {
    const entry = this.#open(event);
    must(entry.status === "waiting", "one-result", () => `${event.ne} goes on, and is ${entry.status}`);
    const due = entry.until !== null && at >= entry.until;
    must(
      due || event.reason === "signal",
      "time-has-come",
      () => `${event.ne} goes on at ${at}, due at ${entry.until}`,
    );
    this.#checkReason(event, entry);
    entry.resume = { reason: event.reason, data: event.data };
    entry.status = "queued";
    entry.notBefore = 0;
  }

  /** Whatever ends a wait is what it was for, or its time. */
  #checkReason({ ne, reason, data }: EventOf<"node_resumed">, entry: Entry): void {
    const { waitsFor } = entry;
    const isCall = callOf(data) >= 0;
    const wanted = reason === "signal" ? waitsFor === "review" || waitsFor === "callback" : !isCall;
    must(
      wanted && (reason === "timer") === (waitsFor === "timer") && isCall === (reason === "signal" && !isReview(entry)),
      "one-result",
      () => `${ne} waits for a ${waitsFor} and goes on for a ${reason} with ${JSON.stringify(data)}`,
    );
    if (waitsFor === "callback") {
      must(!entry.called, "heard-once", () => `the wait of ${ne} for a call ends twice`);
      entry.called = true;
      if (reason === "signal") {
        this.callsHeard.push({ ne, data });
      }
    }
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

  #runEnded(
    event: EventOf<"execution_completed"> | EventOf<"execution_failed"> | EventOf<"execution_terminated">,
  ): void {
    this.ended = event;
    this.#used.check(event.stats);
    const open = [...this.entries.values()].filter(({ status }) => status !== "over" && status !== "incomplete");
    must(
      open.length === 0,
      "one-result",
      () => `the run is over and ${open.map(({ ne, status }) => `${ne} is ${status}`).join(", ")}`,
    );
    if (event.type === "execution_completed") {
      must(
        this.#unhandled === null,
        "outputs-once",
        () => `the run completed in spite of ${JSON.stringify(this.#unhandled)}`,
      );
    } else if (event.type === "execution_failed") {
      const own = event.error.code === "step_limit" || event.error.code === "run_timeout";
      const same = JSON.stringify(event.error) === JSON.stringify(this.#unhandled);
      must(
        own || same,
        "outputs-once",
        () => `the run failed with ${JSON.stringify(event.error)}, not ${JSON.stringify(this.#unhandled)}`,
      );
    }
  }

  /** What is queued is what the reference interpreter says, in its order. */
  #checkQueued(): void {
    if (this.#nodeByNode) {
      return this.#checkQueuedByNode();
    }
    const reference = this.#reference?.queued ?? [];
    const limited = this.ended?.type === "execution_failed" && this.ended.error.code === "step_limit";
    const expected = limited ? reference.slice(0, this.queued.length) : reference;
    const same = expected.length === this.queued.length && expected.every(({ id }, index) => id === this.queued[index]);
    must(
      same,
      "reference",
      () => `queued: ${this.queued.join(" ")}\nreference: ${expected.map(({ id }) => id).join(" ")}`,
    );
    for (const [index, { id, node, input }] of expected.entries()) {
      const entry = this.entries.get(id);
      const isSame = entry?.node === node && sameInput(entry.input, { ...input, ...entry.laid });
      must(
        isSame,
        "reference",
        () => `execution ${index}, ${id}: ${JSON.stringify(entry)}, reference: node ${node}, ${JSON.stringify(input)}`,
      );
    }
  }

  #checkQueuedByNode(): void {
    const limited = this.ended?.type === "execution_failed" && this.ended.error.code === "step_limit";
    for (const [node, { id }] of this.plan.nodes.entries()) {
      const given = this.#queuedOf(node);
      const reference = this.#reference?.queued.filter((execution) => execution.node === node) ?? [];
      const expected = limited ? reference.slice(0, given.length) : reference;
      const isSame =
        given.length === expected.length &&
        expected.every(({ input }, index) =>
          sameInput(given[index]?.input ?? null, { ...input, ...given[index]?.laid }),
        );
      must(isSame, "reference", () => `${id}: ${JSON.stringify(given)}\nreference: ${JSON.stringify(expected)}`);
    }
  }

  #queuedOf(node: number): Entry[] {
    return this.queued.flatMap((ne) => {
      const entry = this.entries.get(ne);
      return entry?.node === node ? [entry] : [];
    });
  }

  #idInReference({ ne, node, ordinal }: Entry): string {
    if (!this.#nodeByNode) {
      return ne;
    }
    const execution = this.#reference?.queued.filter((candidate) => candidate.node === node)[ordinal];
    if (execution === undefined) {
      throw new Violation(
        "reference",
        `${ne} is execution ${ordinal} of node ${node}, which the reference does not have`,
      );
    }
    return execution.id;
  }

  /** The run's outputs by name. */
  get outputs(): Record<string, JsonValue[]> {
    const outputs: Record<string, JsonValue[]> = {};
    for (const [name, value] of this.yielded) {
      (outputs[name] ??= []).push(value);
    }
    return outputs;
  }

  /** The run's outputs as the reference has them. */
  get referenceOutputs(): Record<string, JsonValue[]> {
    if (this.#memo?.override === undefined) {
      return this.#reference?.runOutputs ?? {};
    }
    // The interpreter knows nothing of forks: what they lay over an output node's value is laid here.
    const outputs: Record<string, JsonValue[]> = {};
    const ordinals = new Map<number, number>();
    for (const { node, input } of this.#reference?.queued ?? []) {
      const { id, ui_type, input_default } = this.#node(node);
      const ordinal = ordinals.get(node) ?? 0;
      ordinals.set(node, ordinal + 1);
      if (ui_type === "Output") {
        const { name, value } = { ...input_default, ...input, ...this.#memo.overlay(id, ordinal) };
        (outputs[String(name)] ??= []).push(value ?? null);
      }
    }
    return outputs;
  }
}

function isReview({ waitsFor }: Entry): boolean {
  return waitsFor === "review";
}

function sumOf(a: Amounts, b: Amounts): Amounts {
  return { input: a.input + b.input, output: a.output + b.output, cost: a.cost + b.cost };
}

function sameInput(a: JsonObject | null, b: JsonObject): boolean {
  const names = Object.keys(b);
  return (
    a !== null &&
    Object.keys(a).length === names.length &&
    names.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]))
  );
}
