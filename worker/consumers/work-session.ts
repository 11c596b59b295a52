import type { Cancellation } from "#blocks/cancellation.ts";
import { Replica } from "#durable-objects/execution/core/replica.ts";
import type {
  AttemptReport,
  Lease,
  LeaseRequest,
  WorkAnswer,
  WorkMessage,
} from "#durable-objects/execution/protocol.ts";
import { toLease, toReport } from "#durable-objects/execution/wire.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { Attempt } from "./attempt.ts";
import type { AttemptValues } from "#worker/values/run-values.ts";
import type { Clock } from "./clock.ts";
import { REPORT_BYTES, splitReports } from "./report-parts.ts";
import { RunningAttempts } from "./running-attempts.ts";
import { withOneTimer } from "./one-timer.ts";
import type { BegunWork, SessionDeps } from "./session-deps.ts";
import { StretchGuard } from "./stretch-guard.ts";

/** How often a report is tried before the session gives up and leaves the rest to the lease alarm. */
const REPORT_TRIES = 5;

/** Signs of life come at least this often, so that an object that was reloaded hears of its attempts before it takes them for lost. */
const MAX_HEARTBEAT_MS = 3_000;

/** A stretch of pure nodes is reported after this many of them, this time, or about this many bytes, whichever is first. */
const STRETCH = { nodes: 1_000, ms: 50, bytes: 1_000_000 };

/**
 * One consumer's stay with one run: leases work, runs it, goes on over pure nodes by itself while it knows the run's state, reports, and takes
 * the next work from the answer, until there is none. Nothing it holds matters when it dies: leases expire and are handed out again.
 */
export class WorkSession {
  readonly #deps: SessionDeps;
  readonly #message: WorkMessage;
  readonly #startedAt: number;
  /** For the limits of time of attempts and their requests, few of which are ever reached. */
  readonly #limits: Clock;
  /** Effectful attempts, which run side by side. */
  readonly #running: RunningAttempts;
  /** Leased pure work, which runs one after the other. */
  #pure: Lease[] = [];
  #reports: AttemptReport[] = [];
  /** Leases whose end the object has not heard of, be they waiting, running or done: all of them are renewed. */
  readonly #held = new Map<string, Lease>();
  #plan: Plan | null = null;
  #replica: Replica | null = null;
  #graph = { id: "", version: 0 };
  #workspaceId = "";
  #values: AttemptValues | undefined;
  /** About how many bytes of outputs wait in `#reports`. */
  #reportBytes = 0;
  /** The storage of large values does not answer: no more work is taken. */
  #weary = false;
  #crowded = false;
  #forgetting: Promise<void> | undefined;
  #ended = false;
  #ending: WorkAnswer["ending"];

  constructor(deps: SessionDeps, message: WorkMessage) {
    this.#deps = deps;
    this.#message = message;
    this.#startedAt = deps.clock.now();
    this.#limits = withOneTimer(deps.clock);
    this.#running = new RunningAttempts(deps.clock);
  }

  /** Works until there is nothing left for it. Answers how the run ended, if it did with this session and listing it is left to the caller. Never throws. */
  async run(begun?: BegunWork): Promise<WorkAnswer["ending"]> {
    const { clock } = this.#deps;
    let stopHeartbeat: (() => void) | undefined;
    try {
      const deadline = begun === undefined ? await this.#lease() : this.#begin(begun);
      const heartbeatMs = Math.min(MAX_HEARTBEAT_MS, Math.max(50, (deadline - clock.now()) / 3));
      stopHeartbeat = clock.every(heartbeatMs, () => void this.#renew());
      for (;;) {
        await this.#stretch();
        if (this.#idle) {
          break;
        }
        if (this.#reports.length === 0) {
          await this.#running.news();
        }
        this.#collect();
        await this.#stretch();
        const request = this.#request();
        this.#adopt(await this.#send(request), request);
      }
    } catch (error) {
      log("error", "a consumer gave up on a run; its leases will expire", {
        execution_id: this.#message.execution_id,
        error: errorMessage(error),
      });
      this.#stopAll();
    } finally {
      stopHeartbeat?.();
      await this.#forgetting;
    }
    return this.#ending;
  }

  /** Answers until when its leases hold. */
  async #lease(): Promise<number> {
    const request = this.#request();
    const answer = await this.#deps.object.lease(request);
    this.#adopt(answer, request);
    return answer.deadline;
  }

  #begin({ leases, workspaceId, plan, replica, deadline }: BegunWork): number {
    this.#graph = { id: plan.graph_id, version: plan.graph_version };
    this.#workspaceId = workspaceId;
    this.#values = this.#deps.values?.(workspaceId);
    this.#replica = replica;
    this.#plan = replica === null ? null : plan;
    this.#take(leases);
    return deadline;
  }

  get #idle(): boolean {
    return this.#ended || (this.#running.size === 0 && this.#pure.length === 0 && this.#reports.length === 0);
  }

  /** It has stayed as long as it may: what it holds it finishes, and others come for the rest. */
  get #tired(): boolean {
    const { clock, budgetMs } = this.#deps;
    return this.#weary || clock.now() - this.#startedAt > budgetMs;
  }

  #request(): LeaseRequest {
    const { consumer, slots } = this.#deps;
    const lists = this.#deps.lists === true ? { lists: true as const } : {};
    if (this.#tired) {
      this.#replica?.part();
      return { consumer, pool: this.#message.pool, max: -1, ...lists };
    }
    const request: LeaseRequest = { consumer, pool: this.#message.pool, max: slots - this.#running.size, ...lists };
    return this.#replica === null ? { ...request, wants: this.#plan === null ? "all" : "state" } : request;
  }

  #adopt(answer: WorkAnswer, request: LeaseRequest): void {
    this.#drop(answer.refused);
    this.#ending ??= answer.ending;
    if (answer.ended) {
      this.#stopAll();
      if (answer.workspace_id === "") {
        this.#forgetValues();
      }
      return;
    }
    this.#graph = { id: answer.graph_id, version: answer.graph_version };
    this.#workspaceId = answer.workspace_id;
    this.#crowded = answer.crowded === true;
    this.#values ??= this.#deps.values?.(answer.workspace_id);
    this.#follow(answer, request);
    this.#take(answer.leases);
  }

  #take(leases: readonly Lease[]): void {
    for (const lease of leases) {
      this.#held.set(lease.node_execution_id, lease);
      if (lease.effects === "pure") {
        this.#pure.push(lease);
      } else {
        this.#running.start(this.#attempt(lease));
      }
    }
  }

  /** Rule BV9: the run was deleted while this consumer worked for it. */
  #forgetValues(): void {
    this.#forgetting = this.#values?.forget().catch((error: unknown) =>
      log("warn", "could not delete the large values of a deleted run", {
        execution_id: this.#message.execution_id,
        error: errorMessage(error),
      }),
    );
  }

  /** Rule LC3: keeps the replica in step with the object, or lets go of it. */
  #follow({ sync, seq, leases, continued, refused }: WorkAnswer, { pool, max }: LeaseRequest): void {
    const leased = leases.map((lease) => lease.node_execution_id);
    // A report that was answered only when it was repeated did its work the first time, and others may have come in between. Of what was refused the
    // replica has events that the object does not have, however many there are.
    if (continued !== true || refused.length > 0 || this.#replica?.confirm({ pool, max, seq, leased }) === false) {
      this.#replica = null;
    }
    if (sync !== null) {
      this.#plan = sync.plan ?? this.#plan;
      this.#replica = this.#plan === null ? null : Replica.restore(this.#plan, sync.snapshot);
    }
  }

  #attempt(lease: Lease, cancellation?: Cancellation): Attempt {
    const { cache } = this.#deps;
    return new Attempt(lease, {
      ...(cancellation === undefined ? {} : { cancellation }),
      ...(cache === undefined ? {} : { cache: (block, opened) => cache.slot(this.#workspaceId, opened, block) }),
      ...(this.#values === undefined ? {} : { values: this.#values, crowded: this.#crowded }),
      getBlock: this.#deps.getBlock,
      clock: this.#limits,
      context: (own, onUsage, opened) =>
        this.#deps.context(opened, this.#graph, { cancellation: own, clock: this.#limits, onUsage }),
      onNews: () => this.#running.notify(),
    });
  }

  /** Runs leased pure work, and what the replica says comes next. */
  async #stretch(): Promise<void> {
    const { clock } = this.#deps;
    const until = clock.now() + STRETCH.ms;
    const guard = new StretchGuard(clock);
    try {
      await this.#stretchUntil(until, guard);
    } finally {
      guard.disarm();
    }
  }

  async #stretchUntil(until: number, guard: StretchGuard): Promise<void> {
    const { clock } = this.#deps;
    let bytes = 0;
    for (let nodes = 0; nodes < STRETCH.nodes && bytes < STRETCH.bytes; nodes += 1) {
      const leased = this.#pure.shift();
      const lease = leased ?? this.#nextPure();
      if (lease === undefined || this.#ended) {
        return;
      }
      const attempt = this.#attempt(lease, guard.cancellation);
      guard.watch(attempt);
      await attempt.runPure();
      if (attempt.abandoned) {
        this.#abandon(attempt);
        return;
      }
      this.#reportBytes += attempt.unreportedBytes;
      bytes += attempt.unreportedBytes;
      const report: AttemptReport =
        leased === undefined ? { ...attempt.takeReport(), begun: true } : attempt.takeReport();
      this.#toReport(report);
      if (clock.now() > until || guard.cancellation.cancelled) {
        return;
      }
    }
  }

  #nextPure(): Lease | undefined {
    const execution = this.#replica?.nextPure(this.#message.pool);
    if (execution === undefined || this.#replica === null) {
      return undefined;
    }
    return toLease(
      { executionId: this.#message.execution_id, plan: this.#replica.plan },
      execution,
      execution.attempt + 1,
    );
  }

  #toReport(report: AttemptReport): void {
    this.#reports.push(report);
    if (this.#replica === null) {
      return;
    }
    // After a failure the object may wait before a retry, and only it knows how long.
    if (!this.#replica.apply(toReport(report)) || report.end?.status === "failed") {
      this.#replica.part();
    }
  }

  #collect(): void {
    for (const attempt of this.#running.take()) {
      if (attempt.hasNews) {
        this.#reportBytes += attempt.unreportedBytes;
        this.#toReport(attempt.takeReport());
      }
      if (attempt.abandoned) {
        this.#abandon(attempt);
      }
    }
  }

  /** Rule BV6: what it was about to report is not known; its lease ends, and others try it later. */
  #abandon(attempt: Attempt): void {
    log("warn", "the storage of large values does not answer; a node execution is left to be handed out again", {
      execution_id: this.#message.execution_id,
      node_execution_id: attempt.lease.node_execution_id,
    });
    this.#held.delete(attempt.lease.node_execution_id);
    this.#replica?.part();
    this.#weary = true;
  }

  async #send(request: LeaseRequest): Promise<WorkAnswer> {
    const reports = this.#reports;
    const large = this.#reportBytes > REPORT_BYTES;
    const continuedFrom = this.#replica?.base ?? null;
    this.#reports = [];
    this.#reportBytes = 0;
    if (this.#replica?.parted || large) {
      this.#replica = null;
    }
    if (!large) {
      return this.#report(reports, request, continuedFrom);
    }
    return this.#sendInParts(splitReports(reports, REPORT_BYTES), request, continuedFrom);
  }

  /** Work is taken with the last call only: until then the state is one that nobody has seen before. */
  async #sendInParts(
    calls: AttemptReport[][],
    request: LeaseRequest,
    continuedFrom: number | null,
  ): Promise<WorkAnswer> {
    for (const [index, reports] of calls.slice(0, -1).entries()) {
      const { consumer, pool } = request;
      const lists = request.lists === true ? { lists: true as const } : {};
      const last = { consumer, pool, max: -1, ...lists };
      const answer = await this.#report(reports, last, index === 0 ? continuedFrom : null);
      if (answer.ended) {
        return answer;
      }
      this.#drop(answer.refused);
    }
    return this.#report(calls.at(-1) ?? [], request, calls.length === 1 ? continuedFrom : null);
  }

  async #report(reports: AttemptReport[], request: LeaseRequest, continuedFrom: number | null): Promise<WorkAnswer> {
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await this.#deps.object.report(reports, request, continuedFrom);
        this.#letGo(reports.filter(({ end }) => end !== undefined));
        return answer;
      } catch (error) {
        if (tries >= REPORT_TRIES) {
          throw error;
        }
        await new Promise<void>((resolve) => this.#deps.clock.after(50 * 2 ** tries, resolve));
      }
    }
  }

  #letGo(attempts: WorkAnswer["refused"]): void {
    for (const { node_execution_id, attempt } of attempts) {
      if (this.#held.get(node_execution_id)?.attempt === attempt) {
        this.#held.delete(node_execution_id);
      }
    }
  }

  async #renew(): Promise<void> {
    if (this.#held.size === 0) {
      return;
    }
    try {
      const attempts = [...this.#held.values()].map(({ node_execution_id, attempt }) => ({
        node_execution_id,
        attempt,
      }));
      const answer = await this.#deps.object.heartbeat(attempts);
      this.#drop(answer.refused);
      if (answer.ended) {
        this.#stopAll();
      }
    } catch (error) {
      log("warn", "a heartbeat failed", { execution_id: this.#message.execution_id, error: errorMessage(error) });
    }
  }

  #drop(refused: WorkAnswer["refused"]): void {
    this.#letGo(refused);
    for (const { node_execution_id, attempt } of refused) {
      this.#running.stop({ node_execution_id, attempt });
      this.#pure = this.#pure.filter(
        (lease) => lease.node_execution_id !== node_execution_id || lease.attempt !== attempt,
      );
    }
    if (refused.length > 0) {
      this.#running.notify();
    }
  }

  #stopAll(): void {
    this.#ended = true;
    this.#running.stopAll();
    this.#held.clear();
    this.#pure = [];
  }
}
