import { childExecutionId } from "#durable-objects/execution/effects.ts";
import type { CarryRequest, ChildRequest, StartRequest } from "#durable-objects/execution/protocol.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { AttemptWatch } from "./attempt-watch.ts";
import type { Isolate } from "./isolate.ts";
import type { LogModel } from "./log-model.ts";
import { onlyFailedCalls } from "./network.ts";
import type { Network } from "./network.ts";
import type { Answer } from "./object-call.ts";
import { ObjectHost } from "./object-host.ts";
import type { ObjectHostOptions } from "./object-host.ts";
import { ObjectWatch } from "./object-watch.ts";
import type { Random } from "./random.ts";
import type { RunList } from "./run-list.ts";
import type { WorkQueue } from "./work-queue.ts";
import type { World } from "./world.ts";

export interface Home {
  host: ObjectHost;
  watch: ObjectWatch;
}

export interface HomesDeps extends Pick<ObjectHostOptions, "leaseMs" | "idleMs" | "slots"> {
  network: Network;
  queue: WorkQueue;
  list: RunList;
  /** The Worker that objects call. */
  front: Isolate;
  attempts: AttemptWatch;
  /** The chance in how the Worker starts runs. */
  starts: Random;
}

/** The objects of all runs, each built when it is first asked for, and the other side of their bindings. */
export class Homes {
  readonly #world: World;
  readonly #deps: HomesDeps;
  readonly #homes = new Map<string, Home>();

  constructor(world: World, deps: HomesDeps) {
    this.#world = world;
    this.#deps = deps;
  }

  /** `name`: for the story, when it is built. */
  of(id: string, name?: string): Home {
    let home = this.#homes.get(id);
    if (home === undefined) {
      home = this.#build(id, name ?? (this.#homes.size === 0 ? "object" : `child${this.#homes.size}`));
      this.#homes.set(id, home);
    }
    return home;
  }

  get all(): Iterable<[executionId: string, home: Home]> {
    return this.#homes;
  }

  get hosts(): ObjectHost[] {
    return [...this.#homes.values()].map(({ host }) => host);
  }

  /** Of the runs that have begun. */
  *logs(): Iterable<[executionId: string, log: LogModel]> {
    for (const [id, { watch }] of this.#homes) {
      if (watch.log !== null) {
        yield [id, watch.log];
      }
    }
  }

  close(): void {
    for (const { host } of this.#homes.values()) {
      host.storage.close();
    }
  }

  #build(id: string, name: string): Home {
    const { attempts, queue, list, leaseMs, idleMs, slots } = this.#deps;
    const logOf = (other: string): LogModel | null => this.#homes.get(other)?.watch.log ?? null;
    const watch = new ObjectWatch(this.#world, {
      childOf: (ne) => logOf(childExecutionId(id, ne)),
      parentOf: ({ parent }) => (parent === undefined ? null : logOf(parent.execution_id)),
    });
    watch.onLog = (log) => (log.onLost = (entry) => attempts.lost(id, entry));
    const host: ObjectHost = new ObjectHost(this.#world, name, {
      executionId: id,
      watch,
      leaseMs,
      idleMs,
      slots,
      surroundings: {
        work: (messages) => messages.forEach((message) => queue.send(message)),
        list: (summary) => {
          watch.told(summary.seq);
          list.tell(summary);
        },
        call: (other, method, args, reply) => this.#call(host, { other, method, args }, reply),
        ask: (what, args, reply) => this.#ask(host, { what, args }, reply),
      },
    });
    return { host, watch };
  }

  /** One object calls another. */
  #call(
    from: ObjectHost,
    to: { other: string; method: string; args: unknown[] },
    reply: (answer: Answer) => void,
  ): void {
    this.#deps.network.call(from, this.of(to.other).host, to.method, to.args).then(
      (value) => reply({ ok: true, value }),
      (error: unknown) => this.#failed(error, reply),
    );
  }

  /** An object calls the Worker. */
  #ask(from: ObjectHost, { what, args }: { what: string; args: unknown[] }, reply: (answer: Answer) => void): void {
    if (what === "listedSeq") {
      this.#deps.list.ask(String(args[0]), from, reply);
      return;
    }
    if (what === "carryValues") {
      this.#carry(from, args[0] as CarryRequest, reply);
      return;
    }
    const { execution_id, workspace_id, parent, ...request } = args[0] as ChildRequest;
    const payload = this.#world.large?.opened(parent.execution_id, request.payload) ?? request.payload;
    const { plan, inputs } = payload as unknown as { plan: Plan; inputs: StartRequest["inputs"] };
    const start: StartRequest = { execution_id, workspace_id, plan, inputs, source: "agent", parent };
    const { host } = this.of(execution_id);
    const { network, front, starts } = this.#deps;
    const begin = async (): Promise<unknown> => {
      if (starts.chance(0.5)) {
        return network.call(from, host, "start", [start, 0]);
      }
      const draft = await front.draft(start);
      return network.call(from, host, "adopt", [draft.toBegunRun(false), 0]);
    };
    this.#world.schedule(starts.between(0, 5), front, "starts a child", () => {
      begin().then(
        () => reply({ ok: true, value: { ok: true, value: null } }),
        (error: unknown) => this.#failed(error, reply),
      );
    });
  }

  #failed(error: unknown, reply: (answer: Answer) => void): void {
    try {
      onlyFailedCalls(error);
      reply({ ok: false, error: String(error) });
    } catch (bug) {
      this.#world.fail(bug);
    }
  }

  #carry(asking: ObjectHost, request: CarryRequest, reply: (answer: Answer) => void): void {
    const { from_execution_id: from, to_execution_id: to, outputs, selects } = request;
    // Answered in a step of the object that asked.
    this.#world.schedule(this.#deps.starts.between(0, 5), asking, "its values are carried", () => {
      try {
        reply({ ok: true, value: this.#world.large?.carry(from, to, outputs, selects) ?? outputs });
      } catch (error) {
        reply({ ok: false, error: String(error) });
      }
    });
  }
}
