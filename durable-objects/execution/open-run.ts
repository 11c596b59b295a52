import { isTerminal } from "#graph/run/status.ts";
import { errorMessage, log } from "../logger.ts";
import { BlockSamples } from "./block-samples.ts";
import { Children, ENDED } from "./children.ts";
import type { ChildNews } from "./core/child.ts";
import { FIRST_LOOK_MS } from "./core/next-look.ts";
import type { Input } from "./core/decide.ts";
import type { Effects } from "./effects.ts";
import { History } from "./history.ts";
import type { LiveRun, LiveView } from "./live.ts";
import { ownNews } from "./own-news.ts";
import { ParentLink } from "./parent-link.ts";
import { HELD_CHECK_MS, Place } from "./place.ts";
import type { BegunRun, ExecutionSummary, LeaseRequest, WorkAnswer } from "./protocol.ts";
import type { Commit, Run } from "./run.ts";
import { RunSize } from "./run-size.ts";
import { CHECK_LISTED_MS, Runner } from "./runner.ts";
import type { ExecutionStore } from "./store.ts";
import { syncFor } from "./sync.ts";
import { executionSummary, executionView, isHeld, isIdle, sleeps } from "./view.ts";
import type { Waiters } from "./waiters.ts";
import { toLease } from "./wire.ts";

export interface OpenRunDeps {
  effects: Effects;
  live: LiveView;
  waiters: Waiters;
  leaseMs: number;
  /** Effectful node executions that one consumer runs at a time. */
  ioSlots: number;
  /** The run can no longer be trusted: a commit failed. It must be loaded again. */
  onBroken: () => void;
  /** Something has been done, and there may be nothing more to do for now (`rests`). */
  onRest: () => void;
}

/** A run in memory with everything that follows its commits. */
export class OpenRun {
  readonly run: Run;
  readonly history: History;
  readonly parent: ParentLink | null;
  readonly #deps: OpenRunDeps;
  #broken = false;
  readonly #runner: Runner;
  readonly #children: Children;
  readonly #samples: BlockSamples;
  readonly #size = new RunSize();
  readonly #place: Place | null;

  constructor(run: Run, store: ExecutionStore, deps: OpenRunDeps) {
    this.run = run;
    this.#deps = deps;
    this.history = new History(store, run.header.plan, run.header.execution_id);
    this.#runner = new Runner(deps.effects, { ...deps, waitedFor: run.header.begun_by !== undefined });
    this.#children = new Children(deps.effects, run.state, {
      news: (news) => this.takeNews(news).then(() => undefined),
      doubt: () => this.#lookSoon(FIRST_LOOK_MS),
    });
    this.#samples = new BlockSamples(run.header.plan);
    const { parent, admission } = run.header;
    this.#place = admission === undefined ? null : new Place(deps.effects, admission.ticket, this.idle);
    this.parent = parent === undefined ? null : new ParentLink(deps.effects, this.history, parent.ne);
  }

  get ended(): boolean {
    return isTerminal(this.run.state.status);
  }

  /** Nothing of it is going on, nor will be soon. */
  get idle(): boolean {
    return isIdle(this.run.state, this.#deps.effects.now());
  }

  /** Nothing is to be done for it for a while, unless somebody calls. */
  get rests(): boolean {
    const { effects, leaseMs } = this.#deps;
    return this.ended || sleeps(this.run.header, this.run.state, { now: effects.now(), leaseMs });
  }

  /** A run that waits to be let go asks now and then, and shows in lists (rules WH1 and WH3). */
  hold(): void {
    const { effects, onRest } = this.#deps;
    effects.setAlarm(effects.now() + HELD_CHECK_MS);
    this.#runner.list(this.#summary());
    onRest();
  }

  /** The run is what this consumer has begun, and nothing has happened since: it asks again because it was not answered (rule ST5). */
  isAsBegun({ consumer, batches }: BegunRun): boolean {
    const { header, state } = this.run;
    if (consumer === undefined || header.begun_by !== consumer || state.lastSeq !== batches.at(-1)?.last_seq) {
      return false;
    }
    for (const execution of state.running) {
      execution.consumer = consumer;
    }
    return true;
  }

  /** Starts a held run; any other is left as it is (rule WH2). */
  letGo(): void {
    if (isHeld(this.run.header, this.run.state)) {
      this.apply({ type: "start", inputs: this.run.header.held_inputs ?? {} }, null);
    }
  }

  /** The workspace takes it that the run has a place: a held run goes, and one that has told it otherwise tells it again (rule WA7). */
  asked(): void {
    if (isHeld(this.run.header, this.run.state)) {
      this.letGo();
    } else if (!this.ended) {
      this.#place?.remind(this.idle);
    }
  }

  /** Decides, commits, and lets follow what follows. */
  apply(input: Input, consumer: LeaseRequest | null): Commit {
    const { effects, leaseMs, onBroken } = this.#deps;
    this.#assertSound();
    let commit: Commit;
    try {
      commit = this.run.apply(input, { now: effects.now(), random: Math.random, leaseMs });
    } catch (error) {
      this.#breakOff();
      onBroken();
      throw error;
    }
    this.after(commit, consumer);
    return commit;
  }

  /** @throws Error when a commit has failed, in this call or in one beside it: what the state says is not what is stored */
  #assertSound(): void {
    if (this.#broken) {
      throw new Error("A commit of this run failed; it must be loaded again.");
    }
  }

  /** What the state says was never written: nobody may be told of it any more. */
  #breakOff(): void {
    this.#broken = true;
    this.#runner.stop();
    this.parent?.stop();
  }

  after(commit: Commit, consumer: LeaseRequest | null): void {
    const { run } = this;
    for (const execution of commit.leased) {
      execution.consumer = consumer?.consumer ?? "";
    }
    if (commit.batch !== null) {
      this.#deps.live.publish(commit.batch, this.liveRun);
      this.#children.follow(commit.events);
      this.#samples.follow(commit.events);
      this.#size.follow(run.state.lastSeq - commit.events.length + 1, commit.events);
    }
    this.#runner.after(commit, run.state, () => this.#summary(), consumer);
    if (commit.batch !== null) {
      // After the alarm of the run itself: it would not be moved for a limit that is earlier than a look after the parent.
      this.#tellParent(commit);
    }
    if (!this.ended && !isHeld(run.header, run.state)) {
      this.#place?.follow(this.idle);
    }
    this.#deps.onRest();
    if (this.ended) {
      this.#deps.waiters.release();
      if (commit.batch !== null && this.#place !== null) {
        this.#deps.effects.background("give back the run's place", this.#place.giveBack());
      }
    }
  }

  /** Takes in what a child run tells; answers how many of its outputs are committed. Large ones are made this run's own before (rule BV9). */
  async takeNews(news: ChildNews): Promise<number> {
    const own = await ownNews(news, this.run.state, this.#deps.effects);
    return this.apply({ type: "child", news: own }, null).childOutputs;
  }

  lease(request: LeaseRequest): WorkAnswer {
    this.#runner.consumerCame(request.pool);
    return this.answer(this.apply({ ...request, type: "lease" }, request), request);
  }

  answer(commit: Commit, request: LeaseRequest | null): WorkAnswer {
    const { state, header } = this.run;
    const run = { executionId: header.execution_id, plan: state.plan };
    const leftToIt =
      commit.batch !== null && request?.lists === true && this.#runner.listingLeftTo === request.consumer;
    return {
      workspace_id: header.workspace_id,
      graph_id: state.plan.graph_id,
      graph_version: state.plan.graph_version,
      leases: commit.leased.map((execution) => toLease(run, execution, execution.attempt)),
      seq: state.lastSeq,
      sync: this.ended || request === null ? null : syncFor(state, request),
      refused: commit.refused,
      deadline: this.#deps.effects.now() + this.#deps.leaseMs,
      ended: this.ended,
      ...(leftToIt ? { ending: { view: executionView(header, state), summary: this.#summary() } } : {}),
      ...(this.run.crowded ? { crowded: true } : {}),
    };
  }

  async alarm(): Promise<void> {
    this.#runner.alarmRang();
    if (!this.ended) {
      // Before anything sets the next alarm: should this object be gone meanwhile, the platform rings this one again.
      await this.#askParent();
      this.#assertSound();
    }
    if (!this.ended) {
      this.apply({ type: "tick" }, null);
      await this.#checkHeld();
      this.#children.check(this.run.state);
      return;
    }
    if (!(await this.settle())) {
      this.#deps.effects.setAlarm(this.#deps.effects.now() + CHECK_LISTED_MS);
    }
    this.#deps.onRest();
  }

  /** Of a run that is over: its list is told now, and asked later whether it knows (rule AL4). */
  relist(): null {
    if (this.ended) {
      this.#runner.relist(this.#summary());
    }
    return null;
  }

  get liveRun(): LiveRun {
    return this;
  }

  get lastSeq(): number {
    return this.run.state.lastSeq;
  }

  #summary(): ExecutionSummary {
    const { header, state } = this.run;
    const summary = executionSummary(header, state);
    if (this.ended) {
      return { ...summary, blocks: this.#samples.toRecord(), size: this.#size.largest };
    }
    return isHeld(header, state) || this.idle ? { ...summary, idle: true } : summary;
  }

  /** Rule WH3: the message that lets a held run go may have been lost. */
  async #checkHeld(): Promise<void> {
    const { run } = this;
    if (this.#place === null || !isHeld(run.header, run.state)) {
      return;
    }
    const may = await this.#place.mayGo().catch((error: unknown) => {
      this.#warn("could not ask the workspace", error);
      return false;
    });
    if (may) {
      this.letGo();
    } else if (isHeld(run.header, run.state)) {
      this.#deps.effects.setAlarm(this.#deps.effects.now() + HELD_CHECK_MS);
    }
  }

  #tellParent(commit: Commit): void {
    if (this.parent === null) {
      return;
    }
    if (commit.events.some(({ type }) => type === "execution_started")) {
      // Whoever started it may have ended meanwhile (rule CH4): there is an alarm until the parent has said that it waits for this run.
      this.#lookSoon(this.#deps.leaseMs);
      this.#deps.effects.background("tell the parent run", this.#talk());
    } else if (this.ended || commit.events.some(({ type }) => type === "execution_output")) {
      this.#deps.effects.background("tell the parent run", this.#talk());
    }
  }

  /** One that was loaded again does not know whether its parent has ever answered. */
  async #askParent(): Promise<void> {
    const { parent } = this;
    if (parent !== null && !parent.known && !parent.settled) {
      await this.#talk().catch((error: unknown) => this.#warn("could not tell the parent run", error));
    }
  }

  async #talk(): Promise<void> {
    let wanted: boolean;
    try {
      wanted = (await this.parent?.tell(this.run.state)) ?? true;
    } catch (error) {
      this.#lookSoon(this.#deps.leaseMs);
      throw error;
    }
    if (!wanted && !this.ended && !this.#broken) {
      this.apply({ type: "cancel", reason: ENDED }, null);
    }
  }

  /** There is an alarm after `ms` at the latest; after the end there is one anyway. */
  #lookSoon(ms: number): void {
    if (!this.ended && !this.#broken) {
      this.#runner.armAtLatest(this.#deps.effects.now() + ms);
    }
  }

  /** After the end: the list of runs and the parent know of it (rules AL4, CH2). `known`: the list has it as of this event; else it is asked. */
  async settle(known?: number): Promise<boolean> {
    const { run, parent } = this;
    await this.#place?.giveBack().catch((error: unknown) => this.#warn("could not give back the run's place", error));
    if (parent !== null && !parent.settled) {
      await parent.tell(run.state).catch((error: unknown) => this.#warn("could not tell the parent run", error));
    }
    let listed = 0;
    try {
      listed = known ?? (await this.#deps.effects.listedSeq());
    } catch (error) {
      this.#warn("could not ask the list of runs", error);
    }
    if (listed < run.state.lastSeq) {
      this.#runner.list(this.#summary());
    }
    const stopped = await this.#children.settle();
    return stopped && listed >= run.state.lastSeq && (parent?.settled ?? true) && (this.#place?.returned ?? true);
  }

  #warn(message: string, error: unknown): void {
    log("warn", message, { execution_id: this.run.header.execution_id, error: errorMessage(error) });
  }
}
