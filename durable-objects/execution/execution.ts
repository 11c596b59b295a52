import { DurableObject } from "cloudflare:workers";
import { archiveSourceOf, NOT_ENDED, takeLines } from "./archive-source.ts";
import type { ArchiveLines, ArchiveSource } from "./archive-format.ts";
import type { JsonValue } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { ReviewDecision } from "#graph/run/wait.ts";
import type { ChildNews, ChildStanding } from "./core/child.ts";
import type { Input } from "./core/decide.ts";
import { errorMessage, log } from "../logger.ts";
import { createEffects } from "./effects.ts";
import { ioSlotsOf, leaseMsOf, releaseMsOf, snapshotEveryOf } from "./env.ts";
import type { ExecutionEnv } from "./env.ts";
import { LiveView } from "./live.ts";
import { nodeDetail } from "./node-detail.ts";
import { OpenRun } from "./open-run.ts";
import type {
  AttemptReport,
  BegunRun,
  ChildNewsAnswer,
  EventPage,
  ExecutionRpc,
  ExecutionView,
  ForkPoint,
  LeaseRequest,
  NodeExecutionDetail,
  NodeExecutionPage,
  Outcome,
  Rerun,
  ReviewView,
  StartRequest,
  WorkAnswer,
} from "./protocol.ts";
import { Release } from "./release.ts";
import { rerunOf } from "./rerun.ts";
import { pendingReviews, reviewOutcome } from "./reviews.ts";
import { Run } from "./run.ts";
import { SqliteExecutionStore } from "./store-sqlite.ts";
import { executionView } from "./view.ts";
import { Waiters } from "./waiters.ts";
import { nothingHere, toReport } from "./wire.ts";

const NOT_FOUND = { ok: false, code: "not_found", message: "There is no such execution." } as const;
const NOT_FOUND_NODE = { ok: false, code: "not_found", message: "There is no such node execution." } as const;
const CALLBACK_NOT_PENDING = {
  ok: false,
  code: "callback_not_pending",
  message: "Nobody waits for this call any more: it was made before, its time was over, or the run has ended.",
} as const;
const MAX_WAIT_MS = 60_000;
const MAX_PAGE = 1_000;

/** One run. The only truth about it: everything else is told by it or asks it. This class is wiring; the rules are in core/. */
export class ExecutionObject extends DurableObject<ExecutionEnv> implements ExecutionRpc {
  #store = new SqliteExecutionStore(this.ctx.storage, snapshotEveryOf(this.env));
  readonly #live = new LiveView(this.ctx);
  readonly #waiters = new Waiters();
  #open: OpenRun | null = null;
  readonly #leaseOf = (plan: Plan): number => leaseMsOf(this.env, plan);
  readonly #release = new Release({
    sync: () => this.ctx.storage.sync(),
    abort: (reason) => this.ctx.abort(reason),
    watched: () => this.ctx.getWebSockets().length > 0,
    after: (ms, work) => void setTimeout(work, ms),
  });

  async start(request: StartRequest, waitMs: number): Promise<Outcome<ExecutionView>> {
    if (this.#load() === null) {
      this.#create(request, Date.now());
    }
    return this.wait(request.workspace_id, waitMs);
  }

  async adopt(begun: BegunRun, waitMs: number): Promise<Outcome<ExecutionView | null>> {
    if (this.#load() === null) {
      Run.adopt(this.#store, begun);
      if (begun.done) {
        this.#rest();
        return { ok: true, value: null };
      }
      const [run, commit] = Run.ofAdopted(this.#store, begun, { now: Date.now(), leaseOf: this.#leaseOf });
      this.#open = this.#opened(run);
      this.#open.after(commit, null);
      if (begun.consumer !== undefined) {
        return { ok: true, value: null };
      }
    } else if (this.#open?.isAsBegun(begun) === true) {
      return { ok: true, value: null };
    }
    return this.wait(begun.workspace_id, waitMs);
  }

  async wake(): Promise<void> {
    // It is awake, with its store.
  }

  async relist(workspaceId: string): Promise<Outcome<null>> {
    return this.#with(workspaceId, (open) => open.relist());
  }

  async listed(workspaceId: string, seq: number): Promise<Outcome<null>> {
    const open = this.#owned(workspaceId);
    if (open === null) {
      return NOT_FOUND;
    }
    if (open.ended && (await this.#release.during(open.settle(seq)))) {
      await this.ctx.storage.deleteAlarm();
    }
    return { ok: true, value: null };
  }

  async view(workspaceId: string): Promise<Outcome<ExecutionView>> {
    return this.#with(workspaceId, ({ run }) => executionView(run.header, run.state));
  }

  async wait(workspaceId: string, waitMs: number): Promise<Outcome<ExecutionView>> {
    const open = this.#owned(workspaceId);
    if (open !== null && waitMs > 0 && !open.ended) {
      await this.#release.during(this.#waiters.wait(Math.min(waitMs, MAX_WAIT_MS)));
    }
    return this.view(workspaceId);
  }

  async admit(workspaceId: string): Promise<Outcome<{ ended: boolean; idle: boolean }>> {
    this.#owned(workspaceId)?.asked();
    return this.#with(workspaceId, ({ ended, idle }) => ({ ended, idle }));
  }

  async cancel(workspaceId: string, reason: string): Promise<Outcome<ExecutionView>> {
    return this.#change(workspaceId, { type: "cancel", reason });
  }

  async pause(workspaceId: string): Promise<Outcome<ExecutionView>> {
    return this.#change(workspaceId, { type: "pause" });
  }

  async unpause(workspaceId: string): Promise<Outcome<ExecutionView>> {
    return this.#change(workspaceId, { type: "unpause" });
  }

  async reviews(workspaceId: string): Promise<Outcome<ReviewView[]>> {
    return this.#with(workspaceId, ({ run }) => pendingReviews(run));
  }

  async review(
    workspaceId: string,
    reviewId: string,
    decision: ReviewDecision,
    autoApprove: boolean,
  ): Promise<Outcome<ExecutionView>> {
    const open = this.#owned(workspaceId);
    if (open === null) {
      return NOT_FOUND;
    }
    const data = { ...decision };
    const { accepted } = open.apply({ type: "signal", ne: reviewId, kind: "review", data, autoApprove }, null);
    return reviewOutcome(accepted, open, reviewId);
  }

  async callback(ne: string, data: JsonValue): Promise<Outcome<null>> {
    const open = this.#load();
    const accepted = open?.apply({ type: "signal", ne, kind: "callback", data, autoApprove: false }, null).accepted;
    if (accepted === true) {
      return { ok: true, value: null };
    }
    return open === null ? NOT_FOUND : CALLBACK_NOT_PENDING;
  }

  async events(workspaceId: string, after: number, limit: number): Promise<Outcome<EventPage>> {
    return this.#with(workspaceId, ({ run, history, ended }) => ({
      items: history.events(after, Math.min(limit, MAX_PAGE)),
      last_seq: run.state.lastSeq,
      ended,
    }));
  }

  async nodeExecutions(workspaceId: string, cursor: string | null, limit: number): Promise<Outcome<NodeExecutionPage>> {
    return this.#with(workspaceId, ({ history, run }) =>
      history.nodeExecutions(cursor, Math.min(limit, MAX_PAGE), run.state.executions),
    );
  }

  async nodeExecution(workspaceId: string, ne: string): Promise<Outcome<NodeExecutionDetail>> {
    const open = this.#owned(workspaceId);
    const detail = open === null ? undefined : nodeDetail(open.run.state, open.history, ne, open.run.checkpoints.marks);
    return detail === undefined ? NOT_FOUND_NODE : { ok: true, value: detail };
  }

  async rerun(workspaceId: string, fork: ForkPoint | null): Promise<Outcome<Rerun>> {
    const open = this.#owned(workspaceId);
    return open === null
      ? NOT_FOUND
      : rerunOf({ header: open.run.header, state: open.run.state, history: open.history }, fork);
  }

  async archiveSource(workspaceId: string): Promise<Outcome<ArchiveSource>> {
    const open = this.#owned(workspaceId);
    return open === null ? NOT_FOUND : archiveSourceOf(open);
  }

  async archiveLines(workspaceId: string, after: number, maxChars: number): Promise<Outcome<ArchiveLines>> {
    return this.#with(workspaceId, () => ({ lines: takeLines(this.#store.batches(after), maxChars) }));
  }

  async discard(workspaceId: string, lastSeq: number): Promise<Outcome<null>> {
    const open = this.#owned(workspaceId);
    if (open === null) {
      return NOT_FOUND;
    }
    if (!open.ended || open.lastSeq !== lastSeq) {
      return NOT_ENDED;
    }
    await this.#release.during(this.#deleteAll());
    return { ok: true, value: null };
  }

  async remove(workspaceId: string): Promise<Outcome<null>> {
    const open = this.#owned(workspaceId);
    if (open === null) {
      return NOT_FOUND;
    }
    open.apply({ type: "cancel", reason: "The run was deleted." }, null);
    await this.#release.during(this.#deleteAll());
    return { ok: true, value: null };
  }

  async lease(request: LeaseRequest): Promise<WorkAnswer> {
    return this.#load()?.lease(request) ?? nothingHere([]);
  }

  async report(reports: AttemptReport[], next: LeaseRequest, continuedFrom: number | null): Promise<WorkAnswer> {
    const open = this.#load();
    if (open === null) {
      return nothingHere(reports);
    }
    const { pool, max } = next;
    const news = { reports: reports.map(toReport), continuedFrom: continuedFrom ?? undefined };
    const continued = continuedFrom === open.lastSeq ? ({ continued: true } as const) : {};
    const commit = open.apply({ type: "report", ...news, pool: max < 0 ? null : pool, max }, next);
    return { ...open.answer(commit, next), ...continued };
  }

  async heartbeat(attempts: { node_execution_id: string; attempt: number }[]): Promise<WorkAnswer> {
    const open = this.#load();
    return open === null ? nothingHere(attempts) : open.answer(open.apply({ type: "renew", attempts }, null), null);
  }

  async takeChildNews(workspaceId: string, news: ChildNews): Promise<ChildNewsAnswer> {
    const open = this.#owned(workspaceId);
    return { outputs: open === null ? -1 : await this.#release.during(open.takeNews(news)) };
  }

  async newsFor(workspaceId: string, from: number): Promise<Outcome<ChildStanding>> {
    const open = this.#owned(workspaceId);
    return open === null || open.parent === null
      ? NOT_FOUND
      : { ok: true, value: { ...open.parent.news(open.run.state, from), paused: open.run.state.paused } };
  }

  /** Never throws: the platform drops an alarm that has failed a few times, and this one is what recovers the run. */
  override async alarm(): Promise<void> {
    try {
      const open = this.#load();
      if (open !== null) {
        await this.#release.during(open.alarm());
      }
    } catch (error) {
      log("error", "an alarm failed and is set again", { error: errorMessage(error) });
      this.#open = null;
      await this.ctx.storage.setAlarm(Date.now() + leaseMsOf(this.env));
    }
  }

  /** The live view: a WebSocket upgrade of `/live?after=N`, with the workspace in `X-Weft-Workspace`. */
  override async fetch(request: Request): Promise<Response> {
    const open = this.#owned(request.headers.get("X-Weft-Workspace") ?? "");
    if (open === null) {
      const { code, message } = NOT_FOUND;
      return Response.json({ error: { code, message, details: null } }, { status: 404 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    const after = Number(new URL(request.url).searchParams.get("after") ?? 0);
    this.#live.subscribe(server, Number.isSafeInteger(after) && after > 0 ? after : 0, open.liveRun);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(): void {
    // Subscribers only listen.
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
    this.#rest();
  }

  #create({ inputs, ...request }: StartRequest, now: number): void {
    const header = { ...request, created_at: now };
    if (request.admission !== undefined && request.admission.hold !== null) {
      this.#open = this.#opened(Run.createHeld(this.#store, { ...header, held_inputs: inputs }));
      this.#open.hold();
      return;
    }
    const env = { now, random: Math.random, leaseMs: leaseMsOf(this.env, request.plan) };
    const [run, commit] = Run.create(this.#store, header, { input: { type: "start", inputs }, env });
    this.#open = this.#opened(run);
    this.#open.after(commit, null);
  }

  #load(): OpenRun | null {
    this.#release.called();
    if (this.#open === null) {
      const run = Run.load(this.#store, Date.now(), this.#leaseOf);
      this.#open = run === null ? null : this.#opened(run);
      this.#rest();
    }
    return this.#open;
  }

  #opened(run: Run): OpenRun {
    const host = {
      storage: this.ctx.storage,
      waitUntil: (work: Promise<unknown>): void => this.ctx.waitUntil(work),
      busy: () => this.#release.busy(),
    };
    return new OpenRun(run, this.#store, {
      effects: createEffects(host, () => this.env, run.header),
      live: this.#live,
      waiters: this.#waiters,
      leaseMs: leaseMsOf(this.env, run.header.plan),
      ioSlots: ioSlotsOf(this.env),
      onBroken: () => (this.#open = null),
      onRest: () => this.#rest(),
    });
  }

  #rest(): void {
    this.#release.whenQuiet(releaseMsOf(this.env), () => this.#open?.rests !== false);
  }

  async #deleteAll(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#open = null;
    this.#store = new SqliteExecutionStore(this.ctx.storage, snapshotEveryOf(this.env));
  }

  /** The run, if it is that workspace's. */
  #owned(workspaceId: string): OpenRun | null {
    const open = this.#load();
    return open?.run.header.workspace_id === workspaceId ? open : null;
  }

  #with<T>(workspaceId: string, read: (open: OpenRun) => T): Outcome<T> {
    const open = this.#owned(workspaceId);
    return open === null ? NOT_FOUND : { ok: true, value: read(open) };
  }

  #change(workspaceId: string, input: Input): Promise<Outcome<ExecutionView>> {
    this.#owned(workspaceId)?.apply(input, null);
    return this.view(workspaceId);
  }
}
