import { DurableObject } from "cloudflare:workers";
import { restrictsStarts } from "#graph/model/flow-settings.ts";
import { errorMessage, log } from "../logger.ts";
import { Admission } from "./core/admission.ts";
import type { RunAnswer } from "./core/admission.ts";
import type { Command } from "./core/admission-changes.ts";
import { judgeKey, KEY_MS } from "./core/idempotency.ts";
import type { KnownKey, StoredKey } from "./core/idempotency.ts";
import { Predictor } from "./core/predictor.ts";
import { limitsOf } from "./env.ts";
import type { WorkspaceEnv } from "./env.ts";
import type {
  AdmissionTicket,
  AdmittedRun,
  BeginAnswer,
  BeginRequest,
  BlockHints,
  Credits,
  Estimate,
  GraphOutline,
  RunReport,
  Standing,
  WorkspaceRpc,
} from "./protocol.ts";
import { SqliteWorkspaceStore } from "./store-sqlite.ts";

/** Figures are written this long after they first changed, ms. What an eviction takes is no more than that. */
const WRITE_FIGURES_MS = 5_000;
/** How often expired keys are looked for, ms. */
const SWEEP_KEYS_MS = 3_600_000;

interface Open {
  admission: Admission;
  predictor: Predictor;
}

/**
 * One workspace: which of its runs may start and when, which keys were used, and what runs take. This class is wiring; the rules are in core/. Runs that
 * need none of it do not pass through here (docs/decisions/0009-admission.md).
 */
export class WorkspaceObject extends DurableObject<WorkspaceEnv> implements WorkspaceRpc {
  readonly #store = new SqliteWorkspaceStore(this.ctx.storage);
  #opened: Open | null = null;
  #alarmAt: number | null = null;
  #figuresAt: number | null = null;
  #sweepAt: number | null = null;

  async begin(request: BeginRequest): Promise<BeginAnswer> {
    const { ticket, idempotency, again } = request;
    const now = Date.now();
    if (idempotency === undefined || again === true) {
      return this.#change((open) => this.#admit(open, request, now));
    }
    const known = judgeKey(this.#store.key(idempotency.key), idempotency.fingerprint, now);
    const key = { ...idempotency, execution_id: ticket.execution_id, expires_at: now + KEY_MS };
    return known ?? this.#change((open) => this.#admit(open, request, now), key);
  }

  async lookUp(idempotency: { key: string; fingerprint: string }): Promise<KnownKey | null> {
    return judgeKey(this.#store.key(idempotency.key), idempotency.fingerprint, Date.now());
  }

  async credits(): Promise<Credits> {
    return this.#credits(this.#open(), Date.now());
  }

  async hints(): Promise<Record<string, BlockHints>> {
    return this.#open().predictor.hints(Date.now());
  }

  async release(executionIds: string[], why: "ended" | "waiting"): Promise<void> {
    this.#change(({ admission }) => admission.release(executionIds, why, Date.now()));
  }

  async reacquire(ticket: AdmissionTicket): Promise<Standing> {
    return this.#change(({ admission }) => admission.reacquire(ticket, Date.now()));
  }

  async observe(reports: RunReport[]): Promise<void> {
    const now = Date.now();
    this.#change(({ admission, predictor }) => {
      admission.observe(reports, now);
      for (const outlier of predictor.observe(reports, now)) {
        this.#store.addOutlier(outlier);
        log("warn", "a run took much longer than those before it", {
          execution_id: outlier.execution_id,
          graph_id: outlier.graph_id,
          duration_ms: outlier.duration_ms,
          p99_ms: outlier.p99_ms,
        });
      }
      if (predictor.dirty > 0) {
        this.#figuresAt ??= now + WRITE_FIGURES_MS;
      }
    });
  }

  async estimate(graphId: string): Promise<Estimate> {
    const { admission, predictor } = this.#open();
    return {
      ...predictor.estimate(graphId, Date.now()),
      queued_before: admission.queuedBefore(graphId),
      outliers: this.#store.outliers(graphId),
    };
  }

  async estimateFromBlocks(outline: GraphOutline): ReturnType<WorkspaceRpc["estimateFromBlocks"]> {
    return this.#open().predictor.estimateFromBlocks(outline);
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#alarmAt = null;
    this.#change(({ admission, predictor }) => {
      admission.tick(now);
      if (this.#figuresAt !== null && now >= this.#figuresAt) {
        this.#figuresAt = null;
        this.#store.writeFigures(predictor.takeDirty());
      }
      if (this.#sweepAt !== null && now >= this.#sweepAt) {
        this.#store.sweepKeys(now);
        this.#sweepAt = this.#store.hasKeys() ? now + SWEEP_KEYS_MS : null;
      }
    });
  }

  #admit(open: Open, { ticket, wants_credits, wants_hints }: BeginRequest, now: number): BeginAnswer {
    const { execution_id } = ticket;
    const credits = wants_credits === true ? this.#credits(open, now) : null;
    const told = wants_hints === true ? { hints: open.predictor.hints(now) } : {};
    if (!restrictsStarts(ticket.flow) && open.admission.mayStartUncounted(now)) {
      return { kind: "start", execution_id, counted: false, credits, ...told };
    }
    const standing = open.admission.begin(ticket, now);
    switch (standing.kind) {
      case "admitted":
        return { kind: "start", execution_id, counted: true, credits, ...told };
      case "queued":
        return { kind: "hold", execution_id, reason: standing.reason, ...told };
      default:
        return standing;
    }
  }

  #credits({ admission, predictor }: Open, now: number): Credits {
    return { ...admission.credits(now), hints: predictor.hints(now) };
  }

  #open(): Open {
    if (this.#opened === null) {
      const predictor = new Predictor(this.#store);
      const admission = new Admission({
        limits: limitsOf(this.env),
        expectedMs: (graphId, now) => predictor.expectedMs(graphId, now),
      });
      const now = Date.now();
      admission.restore({ runs: this.#store.runs(), starts: this.#store.starts() }, now);
      this.#sweepAt = this.#store.hasKeys() ? now + SWEEP_KEYS_MS : null;
      this.#opened = { admission, predictor };
    }
    return this.#opened;
  }

  /** Decides, stores, then acts. When it cannot be stored, what memory says is void. */
  #change<T>(decide: (open: Open) => T, key?: StoredKey & { key: string }): T {
    const open = this.#open();
    try {
      const result = decide(open);
      const { commands, ...changes } = open.admission.takeChanges();
      const refused = isRefusal(result);
      this.#store.commit({ ...changes, commands }, refused ? undefined : key);
      if (key !== undefined && !refused) {
        this.#sweepAt ??= Date.now() + SWEEP_KEYS_MS;
      }
      if (commands.length > 0) {
        this.ctx.waitUntil(Promise.all(commands.map((command) => this.#carryOut(command))));
      }
      this.#arm(open);
      return result;
    } catch (error) {
      this.#opened = null;
      throw error;
    }
  }

  /** Asks a run's object; what it answers may let others go. */
  async #carryOut(command: Command): Promise<void> {
    const { execution_id, type } = command;
    const answer = await this.#ask(command);
    this.#change(({ admission }) => admission.answered(execution_id, type, answer, Date.now()));
  }

  async #ask(command: Command): Promise<RunAnswer> {
    const { EXECUTIONS } = this.env;
    const run = EXECUTIONS.get(EXECUTIONS.idFromName(command.execution_id)) as unknown as AdmittedRun;
    try {
      if (command.type === "cancel") {
        const cancelled = await run.cancel(command.workspace_id, command.reason);
        return cancelled.ok ? "ended" : "not_found";
      }
      const outcome = await run.admit(command.workspace_id);
      if (!outcome.ok) {
        return "not_found";
      }
      const { ended, idle } = outcome.value;
      return ended ? "ended" : idle ? "idle" : "going";
    } catch (error) {
      log("warn", "could not reach a run", {
        execution_id: command.execution_id,
        command: command.type,
        error: errorMessage(error),
      });
      return "failed";
    }
  }

  /** One alarm for everything; it is only moved earlier, and set again when it rings too early. */
  #arm({ admission }: Open): void {
    const times = [admission.nextAlarm(), this.#figuresAt, this.#sweepAt].filter((at) => at !== null);
    const at = Math.min(...times);
    if (at === Number.POSITIVE_INFINITY || (this.#alarmAt !== null && this.#alarmAt <= at)) {
      return;
    }
    this.#alarmAt = at;
    this.ctx.waitUntil(
      this.ctx.storage.setAlarm(at).catch((error: unknown) => {
        this.#alarmAt = null;
        log("warn", "could not set the alarm", { error: errorMessage(error) });
      }),
    );
  }
}

function isRefusal(result: unknown): boolean {
  const kind = typeof result === "object" && result !== null && "kind" in result ? result.kind : undefined;
  return kind === "skipped" || kind === "too_many_queued";
}
