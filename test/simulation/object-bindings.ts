import { QUEUE_OF } from "#durable-objects/execution/effects.ts";
import type { ExecutionEnv } from "#durable-objects/execution/env.ts";
import type { ExecutionSummary, WorkMessage } from "#durable-objects/execution/protocol.ts";
import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { FaultPlan } from "./faults.ts";
import { CallFailed } from "./network.ts";
import type { Answer } from "./object-call.ts";
import type { ObjectStorage } from "./object-storage.ts";
import type { ServerEnd } from "./sockets.ts";

/** The world outside an object, as its bindings show it. */
export interface Surroundings {
  work(messages: WorkMessage[]): void;
  list(summary: ExecutionSummary): void;
  /** A method of another object, answered later in a step of this one. */
  call(executionId: string, method: string, args: unknown[], reply: (answer: Answer) => void): void;
  /** A method of the Worker, answered likewise. */
  ask(what: string, args: unknown[], reply: (answer: Answer) => void): void;
}

/** What the bindings of one life of an object are made of. */
export interface BindingsDeps {
  executionId: string;
  storage: ObjectStorage;
  sockets: { accept(socket: ServerEnd): void; accepted(): ServerEnd[] };
  surroundings: Surroundings;
  faults: FaultPlan;
  leaseMs: number;
  /** Effectful node executions that a consumer runs at a time. */
  slots: number;
  isUp(): boolean;
  /** So many messages for a pool are sent now. */
  announces(pool: BlockPool, messages: number): void;
  /** What goes out when what the step wrote is kept. */
  whenKept(send: () => void): void;
}

/** So few that nearly every reload begins with a snapshot. */
const SNAPSHOT_EVENTS = 7;

/** The platform as one life of an object sees it. */
export class ObjectBindings {
  readonly #deps: BindingsDeps;

  constructor(deps: BindingsDeps) {
    this.#deps = deps;
  }

  context(): DurableObjectState {
    const { executionId, storage, sockets } = this.#deps;
    const context = {
      id: { name: executionId },
      storage: {
        sql: storage.sql,
        transactionSync: <T>(work: () => T) => storage.transactionSync(work),
        setAlarm: async (at: number) => storage.setAlarm(at),
        getAlarm: async () => storage.alarm,
        deleteAlarm: async () => storage.setAlarm(null),
      },
      waitUntil: () => {},
      acceptWebSocket: (socket: ServerEnd) => sockets.accept(socket),
      getWebSockets: () => sockets.accepted(),
    };
    return context as unknown as DurableObjectState;
  }

  environment(): ExecutionEnv {
    const { faults, leaseMs, slots, surroundings } = this.#deps;
    const send = async (messages: WorkMessage[]): Promise<void> => {
      const { pool } = messages[0] ?? {};
      if (pool !== undefined) {
        this.#deps.announces(pool, messages.length);
      }
      if (faults.strikes("send_refused")) {
        throw new Error("Queue send failed: too many requests");
      }
      const copies = structuredClone(messages);
      this.#deps.whenKept(() => surroundings.work(copies));
    };
    const work = {
      send: (message: WorkMessage) => send([message]),
      sendBatch: (messages: { body: WorkMessage }[]) => send(messages.map(({ body }) => body)),
    };
    const environment = {
      WEFT_LEASE_MS: String(leaseMs),
      WEFT_IO_SLOTS: String(slots),
      WEFT_SNAPSHOT_EVENTS: String(SNAPSHOT_EVENTS),
      ...Object.fromEntries(Object.values(QUEUE_OF).map((name) => [name, work])),
      PROJECTION_QUEUE: {
        send: async (summary: ExecutionSummary) => {
          if (faults.strikes("send_refused")) {
            throw new Error("Queue send failed: too many requests");
          }
          const copy = structuredClone(summary);
          this.#deps.whenKept(() => surroundings.list(copy));
        },
      },
      WORK_RUNNER: {
        listedSeq: (id: string) => this.#later((reply) => surroundings.ask("listedSeq", [id], reply)),
        carryValues: (request: unknown) => this.#later((reply) => surroundings.ask("carryValues", [request], reply)),
        startChild: (request: unknown) => this.#later((reply) => surroundings.ask("startChild", [request], reply)),
      },
      EXECUTIONS: { idFromName: (name: string) => name, get: (id: string) => this.#stub(id) },
    };
    return environment as unknown as ExecutionEnv;
  }

  /** Another run's object, as a binding gives it. */
  #stub(id: string): object {
    const call =
      (method: string) =>
      (...args: unknown[]) =>
        this.#later((reply) => this.#deps.surroundings.call(id, method, args, reply));
    const methods = ["cancel", "pause", "unpause", "newsFor", "takeChildNews"];
    return Object.fromEntries(methods.map((method) => [method, call(method)]));
  }

  /** Something that goes out when the step is kept, and is answered in a later one, if the object still lives then. */
  #later(send: (reply: (answer: Answer) => void) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#deps.whenKept(() =>
        send((answer) => {
          if (!this.#deps.isUp()) {
            return;
          }
          if (answer.ok) {
            resolve(answer.value);
          } else {
            reject(new CallFailed(answer.error));
          }
        }),
      );
    });
  }
}
