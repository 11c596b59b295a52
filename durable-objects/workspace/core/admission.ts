import type { AdmissionTicket, BeginAnswer, QueuedReason, RunReport, Standing } from "../protocol.ts";
import { ChangeCollector } from "./admission-changes.ts";
import type { Changes } from "./admission-changes.ts";
import type { AdmissionLimits } from "./admission-limits.ts";
import { CreditBook } from "./credit-book.ts";
import { FairQueue, OVERDUE, rankOf } from "./fair-queue.ts";
import type { Candidate } from "./fair-queue.ts";
import { hindranceOf } from "./hindrance.ts";
import { RecentSet } from "./recent-set.ts";
import { groupOf, holdsPlace } from "./run-entry.ts";
import type { LiveEntry, RunEntry } from "./run-entry.ts";
import { RunTable } from "./run-table.ts";
import type { AgentQueue } from "./run-table.ts";
import { StartLog } from "./start-log.ts";
import type { PastStart } from "./start-log.ts";

/** When a run that has a place is asked whether it is still there, ms. */
export const CHECK_MS = 300_000;
/** How long an accepted run may take to appear before it is given up, ms. */
export const APPEAR_MS = 60_000;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 10_000;
/** How old a run is before it is asked while others wait for its place, ms. */
const PRESS_MS = 10_000;
/** Runs asked at a time. */
const CHECKS_AT_ONCE = 50;

export interface AdmissionOptions {
  limits: AdmissionLimits;
  /** How long a run of an agent is expected to take, ms. */
  expectedMs: (graphId: string, now: number) => number;
}

/** What a run's object answered; `idle`: nothing of the run goes on (rule WA6); `failed`: nothing. */
export type RunAnswer = "going" | "idle" | "ended" | "not_found" | "failed";

type Refusal = Extract<BeginAnswer, { kind: "skipped" | "too_many_queued" }>;

/**
 * Which runs of a workspace may go on. Pure: no clock, no I/O; every change is collected and taken with `takeChanges`, to be stored before anything
 * else happens. When it cannot be stored, this object is void and is made anew from the store.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #runs = new RunTable();
  readonly #starts = new StartLog();
  readonly #fair = new FairQueue();
  readonly #book = new CreditBook();
  readonly #changes = new ChangeCollector();
  readonly #over = new RecentSet<string>(2_000);
  /** No check is due before this time. */
  #nextCheck = Number.POSITIVE_INFINITY;
  #pressedAt = Number.NEGATIVE_INFINITY;
  /** No queued run gets free by time alone before this. */
  #nextDue = Number.POSITIVE_INFINITY;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Fills in what was stored. Runs with a place are asked soon whether they still go on. */
  restore(stored: { runs: Iterable<RunEntry>; starts: Iterable<PastStart> }, now: number): void {
    for (const start of stored.starts) {
      this.#starts.add(start);
    }
    for (const entry of stored.runs) {
      const asked = holdsPlace(entry) || entry.state === "cancelling";
      this.#add({ ...entry, checkAt: asked ? now : Number.POSITIVE_INFINITY, tries: 0, charged: 0 });
    }
    this.#pump(now);
  }

  get running(): number {
    return this.#runs.running;
  }

  get queued(): number {
    return this.#runs.queued;
  }

  /** Runs that would have to start before one of this agent that came now. */
  queuedBefore(graphId: string): number {
    return this.#full ? this.#runs.queued : this.#runs.queuedOf(graphId);
  }

  /** Leave for starts that nobody asks for (rules WC1 to WC3). */
  credits(now: number): { count: number; expires_at: number } {
    return this.#book.grant(this.#room, now);
  }

  /** Whether a run may start that nothing restricts and that is not counted until it is seen. */
  mayStartUncounted(now: number): boolean {
    return this.#book.take(this.#room, now);
  }

  /** A new run. Rules WA1 to WA8. */
  begin(ticket: AdmissionTicket, now: number): Standing | Refusal {
    const known = this.#runs.get(ticket.execution_id);
    if (known !== undefined) {
      return this.#standing(known, now);
    }
    const entry = newEntry(ticket, now);
    const singletons = this.#singletonsBefore(ticket);
    const [other] = singletons;
    if (other !== undefined && ticket.flow?.singleton?.mode === "skip") {
      return { kind: "skipped", execution_id: other.ticket.execution_id };
    }
    const debounced = this.#debounce(entry, now);
    const leaving = new Map(singletons.map((old) => [old, "A newer run of this agent took its place."]));
    if (debounced !== undefined) {
      leaving.set(debounced, "A newer start of this agent came within its debounce time.");
    }
    const tooMany = this.#tooMany(entry, [...leaving.keys()], now);
    if (tooMany !== undefined) {
      return tooMany;
    }
    for (const [old, reason] of leaving) {
      this.#cancel(old, reason, now);
    }
    this.#put(entry);
    this.#pump(now, entry);
    this.#press(now);
    return this.#standing(entry, now);
  }

  /** A run wants to go on after a wait, or asks where it stands (rule WA6). */
  reacquire(ticket: AdmissionTicket, now: number): Standing {
    const known = this.#runs.get(ticket.execution_id);
    if (known === undefined || known.state === "waiting") {
      const entry = known ?? newEntry(ticket, now);
      this.#put(entry, { state: "queued", queuedAt: now, notBefore: now, resumed: true });
      this.#pump(now, entry);
      this.#press(now);
      return this.#standing(entry, now);
    }
    return this.#standing(known, now);
  }

  /** Runs that are over, or wait and need no place meanwhile (rules WA6, WA7). */
  release(ids: readonly string[], why: "ended" | "waiting", now: number): void {
    for (const id of ids) {
      const entry = this.#runs.get(id);
      if (why === "ended") {
        this.#over.add(id);
      }
      if (entry !== undefined) {
        this.#leave(entry, why, now);
      }
    }
    this.#pump(now);
  }

  /** Runs as the list of runs hears of them: those that nobody asked for are counted from here on (rule WC4). */
  observe(reports: readonly RunReport[], now: number): void {
    for (const report of reports) {
      const entry = this.#runs.get(report.execution_id);
      if (report.ended) {
        this.release([report.execution_id], "ended", now);
      } else if (report.waiting) {
        // Runs with settings of their own tell it themselves, in order.
        this.release(entry?.ticket.flow === null ? [report.execution_id] : [], "waiting", now);
      } else if (entry === undefined && !this.#over.has(report.execution_id)) {
        const { execution_id, workspace_id, graph_id } = report;
        const seen = newEntry({ execution_id, workspace_id, graph_id, flow: null, keys: {} }, now);
        this.#put(seen, { state: "running", admittedAt: now });
        this.#checkAt(seen, now + CHECK_MS);
      }
    }
  }

  /** What a run's object said to `admit` or `cancel`. */
  answered(id: string, command: "admit" | "cancel", answer: RunAnswer, now: number): void {
    const entry = this.#runs.get(id);
    if (entry === undefined || (command === "cancel") !== (entry.state === "cancelling")) {
      return;
    }
    const age = now - (entry.admittedAt ?? entry.queuedAt);
    const gone = answer === "not_found" && age > APPEAR_MS;
    if (answer === "ended" || gone) {
      this.release([id], "ended", now);
    } else if (answer === "idle" && entry.ticket.flow === null) {
      this.release([id], "waiting", now);
    } else if (answer === "going" || answer === "idle") {
      entry.tries = 0;
      this.#checkAt(entry, now + CHECK_MS);
    } else {
      entry.tries += 1;
      this.#checkAt(entry, now + Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** entry.tries));
    }
  }

  /** Lets go what time alone has freed, and asks again where an answer is missing (rule WA7). */
  tick(now: number): void {
    this.#pump(now);
    if (now >= this.#nextCheck) {
      this.#check(now);
    }
  }

  /** When `tick` has something to do, ms since the epoch; null when only a call can change anything. */
  nextAlarm(): number | null {
    const at = Math.min(this.#nextCheck, this.#runs.queued > 0 ? this.#nextDue : Number.POSITIVE_INFINITY);
    return at === Number.POSITIVE_INFINITY ? null : at;
  }

  takeChanges(): Changes {
    return this.#changes.take();
  }

  get #room(): number {
    return Math.max(0, this.#options.limits.running - this.#runs.running);
  }

  get #full(): boolean {
    return this.#runs.running >= this.#options.limits.running;
  }

  /** Rule WA4: the runs whose place a new one would take. */
  #singletonsBefore(ticket: AdmissionTicket): LiveEntry[] {
    const group = groupOf(ticket, "singleton");
    return group === null ? [] : this.#runs.singletonsOf(group).filter(({ state }) => state !== "cancelling");
  }

  /** Rule WA5: sets how long a start waits for others; returns the one that it stands for from now on. */
  #debounce(entry: LiveEntry, now: number): LiveEntry | undefined {
    const { ticket } = entry;
    const debounce = ticket.flow?.debounce;
    if (debounce === undefined) {
      return undefined;
    }
    const last = this.#runs.debouncedOf(groupOf(ticket, "debounce") ?? "");
    const before = last !== undefined && last.notBefore > now ? last : undefined;
    entry.firstAt = before?.firstAt ?? now;
    const latest = entry.firstAt + (debounce.max_seconds ?? Number.POSITIVE_INFINITY) * 1_000;
    entry.notBefore = Math.min(now + debounce.seconds * 1_000, latest);
    return before;
  }

  /** Rule WA8: a queue that is full says so, and when a hundredth of it should be gone. */
  #tooMany(entry: LiveEntry, instead: readonly LiveEntry[], now: number): Refusal | undefined {
    const { limits, expectedMs } = this.#options;
    const leaving = instead.filter(({ state }) => state === "queued").length;
    const agent = entry.ticket.graph_id;
    const inAgent = this.#runs.queuedOf(agent);
    const scope = inAgent - leaving >= limits.queuedPerAgent ? "agent" : "workspace";
    const [queued, limit] = scope === "agent" ? [inAgent, limits.queuedPerAgent] : [this.#runs.queued, limits.queued];
    if (queued - leaving < limit || (!this.#full && hindranceOf(entry, this.#runs, this.#starts, now) === undefined)) {
      return undefined;
    }
    const places = Math.min(limits.running, entry.ticket.flow?.concurrency?.limit ?? limits.running);
    const drainMs = (queued * expectedMs(agent, now)) / places / 100;
    const retry_after_s = Math.min(60, Math.max(1, Math.ceil(drainMs / 1_000)));
    return { kind: "too_many_queued", scope, queued, limit, retry_after_s };
  }

  #standing(entry: LiveEntry, now: number): Standing {
    return holdsPlace(entry) || entry.state === "waiting"
      ? { kind: "admitted" }
      : { kind: "queued", reason: this.#reason(entry, now) };
  }

  #reason(entry: LiveEntry, now: number): QueuedReason {
    const { running } = this.#options.limits;
    if (entry.state === "cancelling") {
      return { code: entry.ticket.flow?.debounce === undefined ? "singleton" : "debounce", message: entry.why };
    }
    return (
      hindranceOf(entry, this.#runs, this.#starts, now)?.reason ?? {
        code: "workspace_limit",
        message: `${running} runs of the workspace are going on, the most that it may have.`,
      }
    );
  }

  /** Lets runs go while there is room. `direct` is on the line and needs no message. */
  #pump(now: number, direct?: LiveEntry): void {
    while (!this.#full && this.#runs.queued > 0) {
      const picked = this.#fair.pick(this.#candidates(now));
      if (picked === undefined) {
        return;
      }
      this.#letGo(picked.chosen.run, { charged: picked.charged, tell: picked.chosen.run !== direct }, now);
    }
    // Only the end of a run makes room now.
    this.#nextDue = Number.POSITIVE_INFINITY;
  }

  #candidates(now: number): Candidate<LiveEntry>[] {
    const { limits, expectedMs } = this.#options;
    const found: Candidate<LiveEntry>[] = [];
    this.#nextDue = Number.POSITIVE_INFINITY;
    for (const [agent, queue] of this.#runs.queues()) {
      const run = this.#firstOf(queue, now);
      if (run !== undefined) {
        const { queuedAt, resumed, ticket } = run;
        const rank = resumed
          ? OVERDUE
          : rankOf({ priority: ticket.flow?.priority, queuedAt, now, ageingMs: limits.ageingMs });
        found.push({ agent, run, queuedAt, rank, expectedMs: expectedMs(agent, now) });
      }
    }
    return found;
  }

  #firstOf(queue: AgentQueue, now: number): LiveEntry | undefined {
    for (const entries of [queue.resumed, queue.fresh]) {
      for (const entry of entries) {
        const hindrance = hindranceOf(entry, this.#runs, this.#starts, now);
        if (hindrance === undefined) {
          return entry;
        }
        this.#nextDue = Math.min(this.#nextDue, hindrance.until ?? Number.POSITIVE_INFINITY);
        if (hindrance.wholeAgent) {
          break;
        }
      }
    }
    return undefined;
  }

  #letGo(entry: LiveEntry, how: { charged: number; tell: boolean }, now: number): void {
    const { graph_id, execution_id, flow, keys } = entry.ticket;
    this.#put(entry, { state: "running", admittedAt: now, charged: how.charged, tries: 0 });
    this.#checkAt(entry, now + (how.tell ? FIRST_RETRY_MS : APPEAR_MS));
    if (how.tell) {
      this.#command(entry, { type: "admit" });
    }
    if (this.#runs.queuedOf(graph_id) === 0) {
      this.#fair.forget(graph_id);
    }
    if (flow?.throttle !== undefined && !entry.resumed) {
      const start = { graph_id, key: keys.throttle ?? "", at: now };
      this.#starts.add(start);
      this.#changes.started({ ...start, execution_id });
      const upTo = this.#starts.prune(graph_id, flow.throttle, now);
      if (upTo !== null) {
        this.#changes.pruned(graph_id, upTo);
      }
    }
  }

  #leave(entry: LiveEntry, why: "ended" | "waiting", now: number): void {
    const { admittedAt, charged, ticket } = entry;
    if (admittedAt !== null) {
      this.#fair.settle(ticket.graph_id, { charged, tookMs: now - admittedAt });
    }
    const goesOn = entry.state === "running" || (entry.state === "queued" && entry.resumed);
    if (why === "waiting" && goesOn && groupOf(ticket, "singleton") !== null) {
      this.#put(entry, { state: "waiting", admittedAt: null, checkAt: Number.POSITIVE_INFINITY });
    } else if (why === "ended" || goesOn) {
      this.#runs.delete(entry);
      this.#changes.remove(ticket.execution_id);
    }
  }

  #cancel(entry: LiveEntry, reason: string, now: number): void {
    this.#put(entry, { state: "cancelling", why: reason, tries: 0 });
    this.#checkAt(entry, now + FIRST_RETRY_MS);
    this.#command(entry, { type: "cancel", reason });
  }

  #check(now: number): void {
    const due: LiveEntry[] = [];
    this.#nextCheck = Number.POSITIVE_INFINITY;
    for (const entry of this.#runs.entries()) {
      if (entry.checkAt <= now && due.length < CHECKS_AT_ONCE) {
        due.push(entry);
      } else {
        this.#nextCheck = Math.min(this.#nextCheck, Math.max(entry.checkAt, now + FIRST_RETRY_MS));
      }
    }
    for (const entry of due) {
      this.#checkAt(entry, now + MAX_RETRY_MS);
      this.#command(entry, entry.state === "cancelling" ? { type: "cancel", reason: entry.why } : { type: "admit" });
    }
  }

  #command({ ticket }: LiveEntry, what: { type: "admit" } | { type: "cancel"; reason: string }): void {
    const { execution_id, workspace_id } = ticket;
    this.#changes.command({ execution_id, workspace_id, ...what });
  }

  /** When runs wait for room, those that nobody asked for are looked at sooner: they may be asleep by now. */
  #press(now: number): void {
    if (!this.#full || this.#runs.queued === 0 || now < this.#pressedAt + PRESS_MS) {
      return;
    }
    this.#pressedAt = now;
    for (const entry of this.#runs.entries()) {
      if (entry.ticket.flow === null && entry.state === "running") {
        this.#checkAt(entry, Math.min(entry.checkAt, Math.max(now, (entry.admittedAt ?? now) + PRESS_MS)));
      }
    }
  }

  #checkAt(entry: LiveEntry, at: number): void {
    entry.checkAt = at;
    this.#nextCheck = Math.min(this.#nextCheck, at);
  }

  #add(entry: LiveEntry): void {
    this.#runs.set(entry);
    this.#nextCheck = Math.min(this.#nextCheck, entry.checkAt);
  }

  #put(entry: LiveEntry, change: Partial<LiveEntry> = {}): void {
    this.#runs.set(entry, change);
    this.#changes.put(entry);
  }
}

function newEntry(ticket: AdmissionTicket, now: number): LiveEntry {
  return {
    ticket,
    state: "queued",
    queuedAt: now,
    notBefore: now,
    firstAt: now,
    admittedAt: null,
    resumed: false,
    why: "",
    checkAt: Number.POSITIVE_INFINITY,
    tries: 0,
    charged: 0,
  };
}
