import type { Block, BlockContext } from "#blocks/define-block.ts";
import { EFFECTFUL_SLOTS } from "#durable-objects/execution/runner.ts";
import type {
  AttemptReport,
  ExecutionRpc,
  Lease,
  LeaseRequest,
  WorkAnswer,
  WorkMessage,
} from "#durable-objects/execution/protocol.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import { Attempt } from "./attempt.ts";

/** Outputs of a block that is still running wait this long for company before they are reported. */
const STREAM_MS = 20;

/** How often a report is tried before the session gives up and leaves the rest to the lease alarm. */
const REPORT_TRIES = 5;

export interface SessionDeps {
  object: Pick<ExecutionRpc, "lease" | "report" | "heartbeat">;
  getBlock: (id: string) => Block | undefined;
  context: (
    lease: Lease,
    graph: { id: string; version: number },
    live: { signal: AbortSignal; onUsage: (add: NodeUsage) => void },
  ) => BlockContext;
  consumer: string;
  /** A consumer invocation may live 15 minutes on Cloudflare; after this many ms it takes no new work. */
  budgetMs: number;
}

/**
 * One consumer's stay with one run: leases work, runs it, reports, and takes the next work from the answer, until there is none.
 * Nothing it holds matters when it dies: leases expire and are handed out again.
 */
export class WorkSession {
  readonly #deps: SessionDeps;
  readonly #message: WorkMessage;
  readonly #startedAt = Date.now();
  readonly #attempts = new Map<string, Attempt>();
  #wake: (() => void) | null = null;

  constructor(deps: SessionDeps, message: WorkMessage) {
    this.#deps = deps;
    this.#message = message;
  }

  async run(): Promise<void> {
    let heartbeat: ReturnType<typeof setInterval> | undefined;
    try {
      let answer = await this.#deps.object.lease(this.#request());
      heartbeat = setInterval(() => void this.#renew(), Math.max(50, (answer.deadline - Date.now()) / 3));
      for (;;) {
        this.#adopt(answer);
        if (this.#attempts.size === 0) {
          return;
        }
        await this.#news();
        answer = await this.#report();
      }
    } catch (error) {
      log("error", "a consumer gave up on a run; its leases will expire", {
        execution_id: this.#message.execution_id,
        error: errorMessage(error),
      });
      this.#stopAll();
    } finally {
      clearInterval(heartbeat);
    }
  }

  #request(): LeaseRequest {
    const { consumer, budgetMs } = this.#deps;
    let effectful = 0;
    for (const { lease } of this.#attempts.values()) {
      effectful += lease.effects === "pure" ? 0 : 1;
    }
    const tired = Date.now() - this.#startedAt > budgetMs;
    return { consumer, pool: this.#message.pool, max: tired ? 0 : EFFECTFUL_SLOTS - effectful };
  }

  #adopt(answer: WorkAnswer): void {
    this.#drop(answer.refused);
    if (answer.ended) {
      this.#stopAll();
      return;
    }
    const graph = { id: answer.graph_id, version: answer.graph_version };
    for (const lease of answer.leases) {
      const attempt = new Attempt(lease, {
        block: this.#deps.getBlock(lease.block_id),
        context: (signal, onUsage) => this.#deps.context(lease, graph, { signal, onUsage }),
        onNews: () => this.#wake?.(),
      });
      this.#attempts.set(lease.node_execution_id, attempt);
      void attempt.run();
    }
  }

  /** Resolves when something is to be reported: at once after an end, a little later for outputs alone. */
  async #news(): Promise<void> {
    for (;;) {
      const attempts = [...this.#attempts.values()];
      if (attempts.length === 0) {
        return;
      }
      if (attempts.some((attempt) => attempt.ended)) {
        await this.#settlePure();
        return;
      }
      if (attempts.some((attempt) => attempt.hasNews)) {
        await this.#sleepOrWake(STREAM_MS, true);
        return;
      }
      await this.#sleepOrWake(null, false);
    }
  }

  /** Lets pure attempts that run beside the one that ended finish, so that they share its report. */
  async #settlePure(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) {
      if ([...this.#attempts.values()].every(({ lease, ended }) => ended || lease.effects !== "pure")) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  async #sleepOrWake(ms: number | null, onlyEnds: boolean): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = () => {
        if (!onlyEnds || [...this.#attempts.values()].some((attempt) => attempt.ended)) {
          resolve();
        }
      };
      if (ms !== null) {
        timer = setTimeout(resolve, ms);
      }
    });
    clearTimeout(timer);
    this.#wake = null;
  }

  async #report(): Promise<WorkAnswer> {
    const reports: AttemptReport[] = [];
    for (const [id, attempt] of this.#attempts) {
      if (attempt.hasNews) {
        reports.push(attempt.takeReport());
      }
      if (attempt.ended) {
        this.#attempts.delete(id);
      }
    }
    const request = this.#request();
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#deps.object.report(reports, request);
      } catch (error) {
        if (tries >= REPORT_TRIES) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** tries));
      }
    }
  }

  async #renew(): Promise<void> {
    const attempts = [...this.#attempts.values()].map(({ lease: { node_execution_id, attempt } }) => ({
      node_execution_id,
      attempt,
    }));
    if (attempts.length === 0) {
      return;
    }
    try {
      const answer = await this.#deps.object.heartbeat(attempts);
      this.#drop(answer.refused);
    } catch (error) {
      log("warn", "a heartbeat failed", { execution_id: this.#message.execution_id, error: errorMessage(error) });
    }
  }

  #drop(refused: WorkAnswer["refused"]): void {
    for (const { node_execution_id, attempt } of refused) {
      const held = this.#attempts.get(node_execution_id);
      if (held?.lease.attempt === attempt) {
        held.stop();
        this.#attempts.delete(node_execution_id);
      }
    }
    if (refused.length > 0) {
      this.#wake?.();
    }
  }

  #stopAll(): void {
    for (const attempt of this.#attempts.values()) {
      attempt.stop();
    }
    this.#attempts.clear();
  }
}
