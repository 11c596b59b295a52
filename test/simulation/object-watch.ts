import { canonicalState } from "#durable-objects/execution/core/canonical-state.testkit.ts";
import { evolveBatch } from "#durable-objects/execution/core/evolve.ts";
import { initialState } from "#durable-objects/execution/core/state.ts";
import type { ExecutionState } from "#durable-objects/execution/core/state.ts";
import type { LogEvent } from "#durable-objects/execution/core/log-event.ts";
import { nextAlarm } from "#durable-objects/execution/core/next-alarm.ts";
import { MAX_WORK_LOOK_MS } from "#durable-objects/execution/core/next-look.ts";
import type {
  AttemptReport,
  ForkPoint,
  LeaseRequest,
  Outcome,
  Rerun,
  WorkAnswer,
} from "#durable-objects/execution/protocol.ts";
import type { Run } from "#durable-objects/execution/run.ts";
import type { SqliteExecutionStore } from "#durable-objects/execution/store-sqlite.ts";
import { isTerminal } from "#graph/run/status.ts";
import { OVER_ALL } from "./attempt-limit.ts";
import { FewMessages } from "./few-messages.ts";
import type { Announced } from "./few-messages.ts";
import { LogModel } from "./log-model.ts";
import type { Around } from "./log-model.ts";
import type { Answer, Call } from "./object-call.ts";
import { ALARM_RETRY_MS } from "./object-host.ts";
import type { ObjectHost } from "./object-host.ts";
import { checkRerun } from "./rerun-model.ts";
import { must } from "./violation.ts";
import { Wishes } from "./wishes.ts";
import type { World } from "./world.ts";

/** Pure leases that one answer may carry (rule LS2). */
const MAX_PURE = 64;

/** What people, and runs that started others, ask a run to do. */
const WISHES: ReadonlySet<string> = new Set(["cancel", "pause", "unpause"]);

/** Calls whose answers are looked at. */
const WATCHED: ReadonlySet<string> = new Set(["report", "lease", "callback", "rerun", "adopt", ...WISHES]);

interface Watched {
  call: Call;
  /** Reports of attempts that did not run when they came, as the log has it. */
  stale: AttemptReport[];
  begun: AttemptReport[];
  inStep: boolean;
  answer: Answer | null;
}

/** Checks an object after every step: its log by itself, its memory against its log, its answers against both. */
export class ObjectWatch {
  readonly #world: World;
  /** Null until the run was created. */
  log: LogModel | null = null;
  #shadow: ExecutionState | null = null;
  #reader: SqliteExecutionStore | null = null;
  #watched: Watched[] = [];
  readonly #messages: FewMessages;
  readonly #wishes = new Wishes();
  /** What the object has in memory, and had when it was last looked at. */
  #run: Run | null = null;
  /** The highest seq that anybody outside was told. */
  #told = 0;
  /** Told of the log when there is one. */
  onLog: (log: LogModel) => void = () => {};
  readonly #around: Around;

  constructor(world: World, around: Omit<Around, "wantsEnd">) {
    this.#world = world;
    this.#messages = new FewMessages(world);
    this.#around = { ...around, wantsEnd: (reason) => this.#wishes.wantsEnd(reason) };
  }

  called(call: Call): void {
    if (!WATCHED.has(call.method)) {
      return;
    }
    this.#wishes.called(call);
    const reports = call.method === "report" ? (call.args[0] as AttemptReport[]) : [];
    const model = this.log;
    this.#watched.push({
      call,
      stale: reports.filter(
        (report) => report.begun !== true && !model?.runs(report.node_execution_id, report.attempt),
      ),
      begun: reports.filter(({ begun }) => begun === true),
      inStep: model !== null && call.args[2] === model.lastSeq,
      answer: null,
    });
  }

  answered(call: Call, answer: Answer): void {
    for (const watched of this.#watched) {
      if (watched.call === call) {
        watched.answer = answer;
      }
    }
  }

  /** The step is undone. */
  forgetStep(): void {
    this.#messages.forgetStep();
    this.#watched = [];
  }

  /** What the step wrote is kept: look at it before anything leaves. */
  committed(host: ObjectHost): void {
    const before = this.log?.lastSeq ?? 0;
    if (host.storage.logWritten) {
      this.#read(host);
    }
    const { run } = host;
    const loaded = run !== this.#run;
    if (loaded) {
      this.#run = run;
      this.#messages.loaded();
    }
    for (const watched of this.#watched.splice(0)) {
      this.#checkAnswer(watched, before);
    }
    this.#messages.check(this.log);
    host.snapshotIsForeign &&= run === null;
    // A state whose write failed is void; whoever calls next loads the run again.
    const isKept = run?.state.lastSeq === this.log?.lastSeq;
    if (run !== null && this.#shadow !== null && (host.storage.logWritten || (loaded && isKept))) {
      const [memory, replay] = [run.state, this.#shadow].map((state) => JSON.stringify(canonicalState(state)));
      must(memory === replay, "state-is-replay", () => `in memory ${memory}\nfrom the log ${replay}`);
    }
  }

  /** Messages for a pool are sent. */
  announced(messages: Announced): void {
    this.#messages.announced(messages);
  }

  /**
   * The alarm's handler has come to its end: nothing is open any more that has had its time (rules EN4 and RT4).
   */
  ticked(host: ObjectHost): void {
    const { log } = this;
    if (log !== null && log.ended === null && host.run?.state.lastSeq === log.lastSeq) {
      const limit = Math.min(log.nextLimit, log.deadline);
      must(limit > host.now(), "time-is-up", () => `what had time until ${limit} is still open at ${host.now()}`);
    }
  }

  /** The step is over. */
  settled(host: ObjectHost): void {
    const { log } = this;
    if (log === null || log.ended !== null) {
      return;
    }
    must(host.alarmIsArmed || !log.hasWork, "alarm-armed", () => "the run is not over, has work, and has no alarm");
    this.#checkLimits(host, log);
    // After a failed write the state in memory is void; the next call loads the run again.
    const state = host.run?.state.lastSeq === log.lastSeq ? host.run.state : undefined;
    const at = host.storage.alarm;
    const wanted = state === undefined ? null : nextAlarm(state, host.now(), host.leaseMs);
    // While a run is paused, what is due waits for the end of the pause.
    const jumps = this.#world.faults.rates.has("object_clock_jumps");
    const held = log.paused && wanted !== null && (jumps || wanted <= host.now());
    const armed = wanted === null || held || host.alarmIsArmed;
    must(armed, "alarm-armed", () => `an alarm is due at ${wanted}, and none is set`);
    if (wanted !== null && !held && at !== null && !jumps) {
      // What is due already may have been announced: then a message is under way, and the alarm is for the case that it is lost.
      // After a reload it is not known since when that has been ready. It is looked after again after as long as that at most, which is no longer than the run is quiet.
      const quietMs = Math.min(host.now() - (state?.lastAt ?? 0), MAX_WORK_LOOK_MS);
      const look = wanted <= host.now() ? host.now() + quietMs : 0;
      const latest = Math.max(wanted, host.now() + Math.max(host.leaseMs, ALARM_RETRY_MS), look);
      must(at <= latest, "alarm-armed", () => `the alarm is set for ${at}, ${at - wanted} ms later than it must be`);
    }
  }

  /** There is an alarm for what has a limit of time. */
  #checkLimits(host: ObjectHost, { deadline, nextLimit }: LogModel): void {
    const { alarm } = host.storage;
    const { rates } = this.#world.faults;
    // After a write that failed the alarm is set again, and not for this.
    if (alarm === null || rates.has("object_clock_jumps") || rates.has("write_fails")) {
      return;
    }
    // The platform rings again what died in the middle.
    const due = host.now() + Math.max(host.leaseMs, ALARM_RETRY_MS);
    const check = (limit: number, latest: number): void =>
      must(alarm <= latest, "time-is-up", () => `the alarm is set for ${alarm}, ${alarm - limit} ms after a limit`);
    const latestFor = (limit: number): number => (limit > host.now() ? limit + ALARM_RETRY_MS : due);
    check(nextLimit, latestFor(nextLimit));
    check(deadline, latestFor(deadline));
  }

  /** Somebody outside was told that the run has this event. */
  told(seq: number): void {
    this.#told = Math.max(this.#told, seq);
    must(
      this.#told <= (this.log?.lastSeq ?? 0),
      "told-is-kept",
      () => `event ${this.#told} was told, and is not in the log`,
    );
  }

  #read(host: ObjectHost): void {
    // Until there is a run, there are no tables to read.
    const reader = this.log === null || this.#reader === null ? host.reader() : this.#reader;
    this.#reader = reader;
    const header = this.log === null ? reader.header() : null;
    if (header !== null) {
      this.log = new LogModel(header, this.#world, this.#around);
      this.onLog(this.log);
      this.#shadow = initialState(header.plan, header.created_at, header.reuse);
    }
    const { log } = this;
    if (log === null || this.#shadow === null) {
      return;
    }
    for (const batch of reader.batches(log.lastSeq)) {
      this.#world.note(() => `    commits ${batch.events.map((event) => describe(event)).join(", ")}`);
      log.take(this.#world.large?.expanded(reader.header()?.execution_id ?? "", batch) ?? batch);
      evolveBatch(this.#shadow, batch);
    }
    if (isTerminal(this.#shadow.status)) {
      must(log.ended !== null, "total-order", () => "the run is over without a last event");
    }
  }

  #checkAnswer({ call, stale, begun, inStep, answer }: Watched, before: number): void {
    if (answer?.ok !== true || this.log === null) {
      return;
    }
    this.#messages.answered(call, answer, this.log);
    if (WISHES.has(call.method)) {
      return this.#wishes.answered(call, answer, this.log);
    }
    if (call.method === "adopt") {
      return;
    }
    const fresh = this.log.since(before);
    if (call.method === "rerun") {
      const fork = call.args[1] as ForkPoint | null;
      return checkRerun({ log: this.log, world: this.#world }, fork, answer.value as Outcome<Rerun>);
    }
    if (call.method === "callback") {
      const { ok } = answer.value as Outcome<null>;
      const changed = fresh.length > 0;
      return must(
        ok || !changed,
        "heard-once",
        () => `a refused call changes the run: ${fresh.map(describe).join(", ")}`,
      );
    }
    const { refused, leases, seq } = answer.value as WorkAnswer;
    const unwanted = [...stale, ...(inStep ? [] : begun)];
    for (const { node_execution_id: ne, attempt, begun: itself } of unwanted) {
      const invariant = itself === true ? "only-in-step" : "stale-is-refused";
      const isRefused = refused.some((ref) => ref.node_execution_id === ne && ref.attempt === attempt);
      must(isRefused, invariant, () => `attempt ${attempt} of ${ne} was not refused`);
      // The attempt before may have come to its end in the same call; then this one's results would follow its start.
      const results = (itself === true ? sinceStart(fresh, ne, attempt) : fresh).filter(
        (event) => "ne" in event && event.ne === ne && /^node_(output|completed|failed|retrying)$/.test(event.type),
      );
      // Its time may be over with the call that is refused: the log's model sees to it that it is.
      const result = isOverdue(results) ? undefined : results[0];
      must(
        result === undefined,
        invariant,
        () => `attempt ${attempt} of ${ne} was refused and still ${describe(result)}`,
      );
    }
    if (inStep && this.log.ended === null) {
      const foretold = begun.find(({ node_execution_id: ne, attempt }) =>
        refused.some((ref) => ref.node_execution_id === ne && ref.attempt === attempt),
      );
      must(
        foretold === undefined,
        "only-in-step",
        () => `a consumer in step with the log foretold ${JSON.stringify(foretold)}, which is refused`,
      );
    }
    const request = (call.method === "lease" ? call.args[0] : call.args[1]) as LeaseRequest;
    const effectful = leases.filter(({ effects }) => effects !== "pure").length;
    must(
      effectful <= Math.max(0, request.max) && leases.length - effectful <= MAX_PURE,
      "total-order",
      () => `asked for ${request.max} leases, got ${effectful}`,
    );
    this.told(seq);
  }
}

export function describe(event: object | undefined): string {
  const { type, ne, node, attempt, pin } = (event ?? {}) as Record<string, unknown>;
  const more = [attempt === undefined ? "" : `#${String(attempt)}`, typeof pin === "string" ? `.${pin}` : ""].join("");
  return `${String(type)}${ne === undefined ? "" : ` ${String(ne)}@${String(node)}${more}`}`;
}

/** What follows the start of an attempt; nothing when it is not among the events. */
function sinceStart(events: readonly LogEvent[], ne: string, attempt: number): readonly LogEvent[] {
  const start = events.findIndex(
    (event) => event.type === "node_started" && event.ne === ne && event.attempt === attempt,
  );
  return start < 0 ? [] : events.slice(start + 1);
}

/** The failure of a node for the limit over all its attempts, and nothing else. */
function isOverdue(events: readonly LogEvent[]): boolean {
  const [output, failed] = events;
  return (
    events.length === 2 &&
    output?.type === "node_output" &&
    output.pin === "error" &&
    failed?.type === "node_failed" &&
    failed.error.message.startsWith(OVER_ALL)
  );
}
