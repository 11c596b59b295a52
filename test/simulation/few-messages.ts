import type { BegunRun, LeaseRequest, Outcome, WorkAnswer } from "#durable-objects/execution/protocol.ts";
import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { LogModel } from "./log-model.ts";
import type { Answer, Call } from "./object-call.ts";
import { must } from "./violation.ts";
import type { World } from "./world.ts";

/** Messages of a run that are on their way, and consumers that hold an attempt of it, together (rule AL5). */
const MOST_CONSUMERS: Readonly<Record<BlockPool, number>> = { io: 50, cpu: 20, memory: 4 };

/** Messages for a pool are sent. */
export interface Announced {
  pool: BlockPool;
  /** Those of this life that nobody has come for since the last alarm, with the ones that are sent now. */
  unanswered: number;
  /** Effectful node executions that a consumer runs at a time. */
  slots: number;
  /** An alarm has rung, and no consumer has come since. */
  probing: boolean;
}

/** No more messages than work is worth, and than one run may send beside the consumers that it has (rule AL5). */
export class FewMessages {
  readonly #world: World;
  /** By attempt: who was given it in this life of the object; it knows nothing of those before. */
  readonly #holders = new Map<string, string>();
  #announced: Announced[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  announced(messages: Announced): void {
    this.#announced.push(messages);
  }

  forgetStep(): void {
    this.#announced = [];
  }

  /** The run was loaded: who holds what is forgotten. */
  loaded(): void {
    this.#holders.clear();
  }

  /** Whoever was answered has what the answer hands out. */
  answered({ method, args }: Call, answer: Answer, log: LogModel): void {
    if (!answer.ok) {
      return;
    }
    if (method === "adopt") {
      const { consumer } = args[0] as BegunRun;
      const { ok, value } = answer.value as Outcome<unknown> & { value?: unknown };
      if (ok && value === null && consumer !== undefined) {
        for (const { ne, attempt } of running(log)) {
          this.#holders.set(`${ne}#${attempt}`, consumer);
        }
      }
    } else if (method === "lease" || method === "report") {
      const { consumer } = (method === "lease" ? args[0] : args[1]) as LeaseRequest;
      for (const { node_execution_id: ne, attempt } of (answer.value as WorkAnswer).leases) {
        this.#holders.set(`${ne}#${attempt}`, consumer);
      }
    }
  }

  check(log: LogModel | null): void {
    for (const { pool, unanswered, slots, probing } of this.#announced.splice(0)) {
      if (log !== null) {
        const worth = Math.max(log.plan.per_message ?? 0, slots);
        const consumers = this.#consumersOf(log, pool);
        const may = probing ? 1 : MOST_CONSUMERS[pool] - consumers;
        const called = Math.min(may, Math.ceil(log.queuedFor(pool, false) / worth));
        // Where only pure nodes are ready one consumer does.
        const most = Math.max(log.queuedFor(pool, true) > 0 ? 1 : 0, called);
        must(
          unanswered <= most,
          "few-messages",
          () =>
            `${unanswered} messages for ${pool} are on their way of ${most}, ${consumers} consumers hold attempts` +
            (probing ? ", and nobody has come since the alarm" : ""),
        );
        if (worth > slots) {
          this.#world.features.happened("message_batches");
        }
      }
    }
  }

  /** Those of before the run was loaded count as one. */
  #consumersOf(log: LogModel, pool: BlockPool): number {
    const consumers = new Set<string>();
    for (const { ne, node, attempt } of running(log)) {
      if (log.plan.nodes[node]?.pool === pool) {
        consumers.add(this.#holders.get(`${ne}#${attempt}`) ?? "");
      }
    }
    return consumers.size;
  }
}

function running({ entries }: LogModel) {
  return [...entries.values()].filter(({ status }) => status === "running");
}
