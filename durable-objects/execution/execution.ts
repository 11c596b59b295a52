import { DurableObject } from "cloudflare:workers";
import { isTerminal } from "#graph/run/status.ts";
import { errorMessage, log } from "../logger.ts";
import type { Input } from "./core/decide.ts";
import { leaseMsOf } from "./env.ts";
import type { ExecutionEnv } from "./env.ts";
import { History } from "./history.ts";
import { LiveView } from "./live.ts";
import type {
  AttemptReport,
  EventPage,
  ExecutionRpc,
  ExecutionView,
  LeaseRequest,
  NodeExecutionPage,
  Outcome,
  StartRequest,
  WorkAnswer,
} from "./protocol.ts";
import { Run } from "./run.ts";
import type { Commit } from "./run.ts";
import { Runner } from "./runner.ts";
import { SqliteExecutionStore } from "./store-sqlite.ts";
import { syncFor } from "./sync.ts";
import { executionSummary, executionView } from "./view.ts";
import { Waiters } from "./waiters.ts";
import { toLease, toReport } from "./wire.ts";

const NOT_FOUND = { ok: false, code: "not_found", message: "There is no such execution." } as const;
const MAX_WAIT_MS = 60_000;
const MAX_PAGE = 1_000;

interface Open {
  run: Run;
  history: History;
  runner: Runner;
}

/** One run. The only truth about it: everything else is told by it or asks it. This class is wiring; the rules are in core/. */
export class ExecutionObject extends DurableObject<ExecutionEnv> implements ExecutionRpc {
  #store = new SqliteExecutionStore(this.ctx.storage);
  readonly #live = new LiveView(this.ctx);
  readonly #waiters = new Waiters();
  readonly #leaseMs = leaseMsOf(this.env);
  #open: Open | null = null;

  async start(request: StartRequest, waitMs: number): Promise<Outcome<ExecutionView>> {
    if (this.#load() === null) {
      const { plan, inputs, ...names } = request;
      const now = Date.now();
      const first = { input: { type: "start", inputs } as const, env: this.#decisionEnv(now) };
      const [run, commit] = Run.create(this.#store, { ...names, created_at: now, plan }, first);
      this.#open = this.#opened(run);
      this.#after(this.#open, commit, null);
    }
    return this.wait(request.workspace_id, waitMs);
  }

  async view(workspaceId: string): Promise<Outcome<ExecutionView>> {
    const open = this.#owned(workspaceId);
    return open === null ? NOT_FOUND : { ok: true, value: executionView(open.run.header, open.run.state) };
  }

  async wait(workspaceId: string, waitMs: number): Promise<Outcome<ExecutionView>> {
    const open = this.#owned(workspaceId);
    if (open !== null && waitMs > 0 && !isTerminal(open.run.state.status)) {
      await this.#waiters.wait(Math.min(waitMs, MAX_WAIT_MS));
    }
    return this.view(workspaceId);
  }

  async cancel(workspaceId: string, reason: string): Promise<Outcome<ExecutionView>> {
    const open = this.#owned(workspaceId);
    if (open !== null) {
      this.#apply(open, { type: "cancel", reason }, null);
    }
    return this.view(workspaceId);
  }

  async events(workspaceId: string, after: number, limit: number): Promise<Outcome<EventPage>> {
    const open = this.#owned(workspaceId);
    if (open === null) {
      return NOT_FOUND;
    }
    const { lastSeq, status } = open.run.state;
    const items = open.history.events(after, Math.min(limit, MAX_PAGE));
    return { ok: true, value: { items, last_seq: lastSeq, ended: isTerminal(status) } };
  }

  async nodeExecutions(workspaceId: string, cursor: string | null, limit: number): Promise<Outcome<NodeExecutionPage>> {
    const open = this.#owned(workspaceId);
    return open === null
      ? NOT_FOUND
      : { ok: true, value: open.history.nodeExecutions(cursor, Math.min(limit, MAX_PAGE)) };
  }

  async remove(workspaceId: string): Promise<Outcome<null>> {
    const open = this.#owned(workspaceId);
    if (open === null) {
      return NOT_FOUND;
    }
    this.#apply(open, { type: "cancel", reason: "The run was deleted." }, null);
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#open = null;
    this.#store = new SqliteExecutionStore(this.ctx.storage);
    return { ok: true, value: null };
  }

  async lease(request: LeaseRequest): Promise<WorkAnswer> {
    const open = this.#load();
    if (open === null) {
      return this.#answer(null, null, null);
    }
    open.runner.consumerCame(request.pool);
    return this.#answer(open, this.#apply(open, { ...request, type: "lease" }, request), request);
  }

  async report(reports: AttemptReport[], next: LeaseRequest, continuedFrom: number | null): Promise<WorkAnswer> {
    const open = this.#load();
    if (open === null) {
      return { ...this.#answer(null, null, next), refused: reports };
    }
    const { pool, max } = next;
    const news = { reports: reports.map(toReport), continuedFrom: continuedFrom ?? undefined };
    return this.#answer(open, this.#apply(open, { type: "report", ...news, pool, max }, next), next);
  }

  async heartbeat(attempts: { node_execution_id: string; attempt: number }[]): Promise<WorkAnswer> {
    const open = this.#load();
    if (open === null) {
      return { ...this.#answer(null, null, null), refused: attempts };
    }
    return this.#answer(open, this.#apply(open, { type: "renew", attempts }, null), null);
  }

  override async alarm(): Promise<void> {
    const open = this.#load();
    if (open === null) {
      return;
    }
    open.runner.alarmRang();
    if (isTerminal(open.run.state.status)) {
      await this.#checkListed(open);
      return;
    }
    this.#apply(open, { type: "tick" }, null);
  }

  /** The live view: a WebSocket upgrade of `/live?after=N`, with the workspace in `X-Weft-Workspace`. */
  override async fetch(request: Request): Promise<Response> {
    const open = this.#owned(request.headers.get("X-Weft-Workspace") ?? "");
    if (open === null) {
      return Response.json({ error: { ...NOT_FOUND, ok: undefined, details: null } }, { status: 404 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    const after = Number(new URL(request.url).searchParams.get("after") ?? 0);
    this.#live.subscribe(server, Number.isSafeInteger(after) && after > 0 ? after : 0, this.#liveRun(open));
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(): void {
    // Subscribers only listen.
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  #load(): Open | null {
    if (this.#open === null) {
      const run = Run.load(this.#store, Date.now(), this.#leaseMs);
      this.#open = run === null ? null : this.#opened(run);
    }
    return this.#open;
  }

  #owned(workspaceId: string): Open | null {
    const open = this.#load();
    return open?.run.header.workspace_id === workspaceId ? open : null;
  }

  #opened(run: Run): Open {
    const { execution_id } = run.header;
    const effects = {
      announce: (message: { execution_id: string; pool: LeaseRequest["pool"] }, count: number): Promise<void> =>
        count === 1
          ? this.env.WORK_QUEUE.send(message).then(() => {})
          : this.env.WORK_QUEUE.sendBatch(Array.from({ length: Math.min(count, 100) }, () => ({ body: message }))).then(() => {}),
      list: (summary: ReturnType<typeof executionSummary>): Promise<void> =>
        this.env.PROJECTION_QUEUE.send(summary).then(() => {}),
      setAlarm: (at: number): void => this.#background("set the alarm", this.ctx.storage.setAlarm(at)),
      later: (ms: number, work: () => void): void => void setTimeout(work, ms),
      background: (what: string, work: Promise<void>): void => this.#background(what, work),
      now: () => Date.now(),
    };
    return { run, history: new History(this.#store, run.header.plan), runner: new Runner(effects, execution_id, this.#leaseMs) };
  }

  #decisionEnv(now: number): { now: number; random: () => number; leaseMs: number } {
    return { now, random: Math.random, leaseMs: this.#leaseMs };
  }

  #apply(open: Open, input: Input, consumer: LeaseRequest | null): Commit {
    let commit: Commit;
    try {
      commit = open.run.apply(input, this.#decisionEnv(Date.now()));
    } catch (error) {
      this.#open = null;
      throw error;
    }
    this.#after(open, commit, consumer);
    return commit;
  }

  #after(open: Open, commit: Commit, consumer: LeaseRequest | null): void {
    const { run, runner } = open;
    for (const execution of commit.leased) {
      execution.consumer = consumer?.consumer ?? "";
    }
    if (commit.batch !== null) {
      this.#live.publish(commit.batch, this.#liveRun(open));
    }
    runner.after(commit, run.state, () => executionSummary(run.header, run.state), consumer?.pool ?? null);
    if (isTerminal(run.state.status)) {
      this.#waiters.release();
    }
  }

  #liveRun({ run, history }: Open): { history: History; ended: boolean; lastSeq: number } {
    return { history, ended: isTerminal(run.state.status), lastSeq: run.state.lastSeq };
  }

  #answer(open: Open | null, commit: Commit | null, request: LeaseRequest | null): WorkAnswer {
    const state = open?.run.state;
    const run = { executionId: open?.run.header.execution_id ?? "", plan: state?.plan ?? { nodes: [] } };
    const ended = state === undefined || isTerminal(state.status);
    return {
      graph_id: state?.plan.graph_id ?? "",
      graph_version: state?.plan.graph_version ?? 0,
      leases: (commit?.leased ?? []).map((execution) => toLease(run, execution, execution.attempt)),
      seq: state?.lastSeq ?? 0,
      sync: ended || request === null ? null : syncFor(state, request),
      refused: commit?.refused ?? [],
      deadline: Date.now() + this.#leaseMs,
      ended,
    };
  }

  async #checkListed({ run, runner }: Open): Promise<void> {
    try {
      const listed = await this.env.WORK_RUNNER.listedSeq(run.header.execution_id);
      if (listed >= run.state.lastSeq) {
        return;
      }
    } catch (error) {
      log("warn", "could not ask the list of runs", { execution_id: run.header.execution_id, error: errorMessage(error) });
    }
    runner.relist(executionSummary(run.header, run.state));
  }

  #background(what: string, work: Promise<void>): void {
    this.ctx.waitUntil(
      work.catch((error: unknown) => log("warn", `could not ${what}`, { error: errorMessage(error) })),
    );
  }
}
