import { isTerminal } from "#graph/run/status.ts";
import { errorMessage, log } from "../logger.ts";
import { Children } from "./children.ts";
import type { Input } from "./core/decide.ts";
import type { Effects } from "./effects.ts";
import { History } from "./history.ts";
import type { LiveView } from "./live.ts";
import { ParentLink } from "./parent-link.ts";
import type { LeaseRequest, WorkAnswer } from "./protocol.ts";
import type { Commit, Run } from "./run.ts";
import { CHECK_LISTED_MS, Runner } from "./runner.ts";
import type { ExecutionStore } from "./store.ts";
import { syncFor } from "./sync.ts";
import { executionSummary } from "./view.ts";
import type { Waiters } from "./waiters.ts";
import { toLease } from "./wire.ts";

export interface OpenRunDeps {
  effects: Effects;
  live: LiveView;
  waiters: Waiters;
  leaseMs: number;
  /** The run can no longer be trusted: a commit failed. It must be loaded again. */
  onBroken: () => void;
}

/** A run in memory with everything that follows its commits. */
export class OpenRun {
  readonly run: Run;
  readonly history: History;
  readonly parent: ParentLink | null;
  readonly #deps: OpenRunDeps;
  readonly #runner: Runner;
  readonly #children: Children;

  constructor(run: Run, store: ExecutionStore, deps: OpenRunDeps) {
    this.run = run;
    this.#deps = deps;
    this.history = new History(store, run.header.plan);
    this.#runner = new Runner(deps.effects, deps.leaseMs);
    this.#children = new Children(deps.effects, run.state, (news) => void this.apply({ type: "child", news }, null));
    const { parent } = run.header;
    this.parent = parent === undefined ? null : new ParentLink(deps.effects, this.history, parent.ne);
  }

  get ended(): boolean {
    return isTerminal(this.run.state.status);
  }

  /** Decides, commits, and lets follow what follows. */
  apply(input: Input, consumer: LeaseRequest | null): Commit {
    const { effects, leaseMs, onBroken } = this.#deps;
    let commit: Commit;
    try {
      commit = this.run.apply(input, { now: effects.now(), random: Math.random, leaseMs });
    } catch (error) {
      onBroken();
      throw error;
    }
    this.after(commit, consumer);
    return commit;
  }

  after(commit: Commit, consumer: LeaseRequest | null): void {
    const { run } = this;
    for (const execution of commit.leased) {
      execution.consumer = consumer?.consumer ?? "";
    }
    if (commit.batch !== null) {
      this.#deps.live.publish(commit.batch, this.liveRun);
      this.#children.follow(commit.events);
      this.#tellParent(commit);
    }
    this.#runner.after(commit, run.state, () => executionSummary(run.header, run.state), consumer?.pool ?? null);
    if (this.ended) {
      this.#deps.waiters.release();
    }
  }

  lease(request: LeaseRequest): WorkAnswer {
    this.#runner.consumerCame(request.pool);
    return this.answer(this.apply({ ...request, type: "lease" }, request), request);
  }

  answer(commit: Commit, request: LeaseRequest | null): WorkAnswer {
    const { state, header } = this.run;
    const run = { executionId: header.execution_id, plan: state.plan };
    return {
      graph_id: state.plan.graph_id,
      graph_version: state.plan.graph_version,
      leases: commit.leased.map((execution) => toLease(run, execution, execution.attempt)),
      seq: state.lastSeq,
      sync: this.ended || request === null ? null : syncFor(state, request),
      refused: commit.refused,
      deadline: this.#deps.effects.now() + this.#deps.leaseMs,
      ended: this.ended,
    };
  }

  async alarm(): Promise<void> {
    this.#runner.alarmRang();
    if (!this.ended) {
      this.apply({ type: "tick" }, null);
      this.#children.check(this.run.state);
      return;
    }
    if (!(await this.#settled())) {
      this.#deps.effects.setAlarm(this.#deps.effects.now() + CHECK_LISTED_MS);
    }
  }

  get liveRun(): { history: History; ended: boolean; lastSeq: number } {
    return { history: this.history, ended: this.ended, lastSeq: this.run.state.lastSeq };
  }

  #tellParent(commit: Commit): void {
    const { parent } = this;
    if (parent !== null && (this.ended || commit.events.some(({ type }) => type === "execution_output"))) {
      this.#deps.effects.background("tell the parent run", parent.tell(this.run.state));
    }
  }

  /** After the end: the list of runs and the parent know of it (rules AL4, CH2). */
  async #settled(): Promise<boolean> {
    const { run, parent } = this;
    if (parent !== null && !parent.settled) {
      await parent.tell(run.state).catch((error: unknown) => this.#warn("could not tell the parent run", error));
    }
    let listed = 0;
    try {
      listed = await this.#deps.effects.listedSeq();
    } catch (error) {
      this.#warn("could not ask the list of runs", error);
    }
    if (listed < run.state.lastSeq) {
      this.#runner.list(executionSummary(run.header, run.state));
    }
    return listed >= run.state.lastSeq && (parent?.settled ?? true);
  }

  #warn(message: string, error: unknown): void {
    log("warn", message, { execution_id: this.run.header.execution_id, error: errorMessage(error) });
  }
}
