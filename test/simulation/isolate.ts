import type { Cancellation } from "#blocks/cancellation.ts";
import type { BlockContext } from "#blocks/define-block.ts";
import type {
  AttemptReport,
  ExecutionView,
  Lease,
  LeaseRequest,
  Outcome,
  StartRequest,
  WorkAnswer,
  WorkMessage,
} from "#durable-objects/execution/protocol.ts";
import type { Draft } from "#durable-objects/execution/draft.ts";
import { takeBegunWork } from "#worker/consumers/begun-work.ts";
import type { Clock } from "#worker/consumers/clock.ts";
import { runFirstStretch } from "#worker/consumers/first-stretch.ts";
import { sleep } from "#worker/consumers/sleep.ts";
import { UnstoredRun } from "#worker/consumers/unstored-run.ts";
import type { Storing } from "#worker/consumers/unstored-run.ts";
import { WorkSession } from "#worker/consumers/work-session.ts";
import type { BegunWork, SessionDeps } from "#worker/consumers/session-deps.ts";
import type { AttemptWatch } from "./attempt-watch.ts";
import { onlyFailedCalls } from "./network.ts";
import type { Caller, Network } from "./network.ts";
import type { ObjectHost } from "./object-host.ts";
import type { RunList } from "./run-list.ts";
import { ACTED, BEGUN, SCRIPTED, scriptedBlock } from "./scripted-block.ts";
import type { Timer, World } from "./world.ts";

/** Versions of the consumer's code that work side by side during a deployment. */
export type Version = "current" | "never_alone" | "one_at_a_time";

export interface IsolateDeps {
  world: World;
  network: Network;
  objectOf: (executionId: string) => ObjectHost;
  watch: AttemptWatch;
  list: RunList;
  version: Version;
  /** How far its clock is ahead of true time, ms. */
  ahead: number;
  /** Effectful attempts that a consumer runs at a time. */
  slots: number;
}

/** One isolate of the Worker in which consumers run. It can be killed, which nobody is told, and it can stand still for a while. */
export class Isolate implements Caller, Clock {
  readonly name: string;
  readonly mortal = true;
  up = true;
  stalledUntil = 0;
  /** True time at which it last stood still. */
  lastStall = 0;
  readonly sessions = new Set<WorkMessage>();
  readonly #deps: IsolateDeps;
  #ahead: number;
  #consumers = 0;
  onKilled: (unfinished: WorkMessage[]) => void = () => {};

  constructor(name: string, deps: IsolateDeps) {
    this.name = name;
    this.#deps = deps;
    this.#ahead = deps.ahead;
  }

  // ---- As a machine ----

  now(): number {
    return this.#deps.world.now + this.#ahead;
  }

  setTimer(ms: number, work: () => void): Timer {
    return this.#deps.world.schedule(ms, this, "timer", work);
  }

  kill(why: string): void {
    if (this.up) {
      this.up = false;
      this.#deps.world.note(() => `    ${this.name} dies: ${why}`);
      this.onKilled([...this.sessions]);
    }
  }

  stall(ms: number): void {
    this.lastStall = this.#deps.world.now + ms;
    this.stalledUntil = this.lastStall;
  }

  jumpClock(ms: number): void {
    this.#ahead += ms;
    this.lastStall = this.#deps.world.now;
  }

  // ---- As a clock ----

  after(ms: number, work: () => void): () => void {
    const timer = this.setTimer(ms, work);
    return () => timer.cancel();
  }

  every(ms: number, work: () => void): () => void {
    let timer = this.setTimer(ms, () => turn());
    const turn = (): void => {
      timer = this.setTimer(ms, () => turn());
      work();
    };
    return () => timer.cancel();
  }

  // ---- As a Worker that takes a request ----

  /** Begins a run and goes on with its first calls to the outside, as worker/services/begin-run.ts does. */
  async beginAndWork(request: StartRequest): Promise<void> {
    const { execution_id: id } = request;
    const draft = await this.draft(request);
    const consumer = this.#name();
    const at = { slots: this.#deps.slots, leaseMs: this.#deps.objectOf(id).leaseMs, now: this.now() };
    const begun = takeBegunWork(draft, at);
    if (begun !== null && draft.onlyReads) {
      await this.#workAndStore(draft, { begun, consumer });
      return;
    }
    const isOurs = await this.#adopt(draft, begun === null ? undefined : consumer);
    if (begun !== null && isOurs) {
      const message: WorkMessage = { execution_id: id, pool: "io" };
      await this.#attend(message, this.#session(message, { consumer, budgetMs: 240_000 }), begun);
      this.#deps.world.features.happened("begun_work");
    }
  }

  /** Rule ST7. */
  async #workAndStore(draft: Draft, { begun, consumer }: { begun: BegunWork; consumer: string }): Promise<void> {
    const { execution_id: id } = draft.header;
    const message: WorkMessage = { execution_id: id, pool: "io" };
    const unstored = new Set(begun.leases.map(attemptKey));
    const storing = this.#storing(draft, consumer);
    const random = this.#deps.world.random.stream(`waits for ${id}`);
    if (random.chance(0.3)) {
      // Whoever waits for the run has waited long enough, and is to be told of it.
      this.after(random.small(1, 3_000), () => void storing.done());
    }
    const run = new UnstoredRun(draft, {
      clock: this,
      leaseMs: this.#deps.objectOf(id).leaseMs,
      object: this.#object(id),
      storing,
    });
    const report: UnstoredRun["report"] = async (...args) => {
      const answer = await run.report(...args);
      if (!storing.begun) {
        answer.leases.forEach((lease) => unstored.add(attemptKey(lease)));
      }
      return answer;
    };
    const object = { lease: run.lease.bind(run), report, heartbeat: run.heartbeat.bind(run) };
    const session = this.#session(message, { consumer, budgetMs: 240_000, object }, unstored);
    await this.#attend(message, session, { ...begun, replica: null });
    await storing.done();
    this.#deps.world.features.happened("begun_unstored");
  }

  #storing(draft: Draft, consumer: string): Storing {
    let stored: Promise<boolean> | undefined;
    return {
      get begun() {
        return stored !== undefined;
      },
      done: () =>
        (stored ??= this.#adopt(draft, draft.ended ? undefined : consumer).catch((error: unknown) => {
          onlyFailedCalls(error);
          return false;
        })),
    };
  }

  /** Whether the object has the run from here, and this consumer has what is under way in it. */
  async #adopt(draft: Draft, consumer: string | undefined): Promise<boolean> {
    const { network, objectOf, watch } = this.#deps;
    const { execution_id: id } = draft.header;
    const stored = draft.toBegunRun(false, consumer);
    const outcome = (await network.call(this, objectOf(id), "adopt", [stored, 0])) as Outcome<ExecutionView | null>;
    const isOurs = outcome.ok && outcome.value === null;
    if (isOurs) {
      draft.state.running.forEach(({ id: ne, attempt }) => watch.leased(this, id, { node_execution_id: ne, attempt }));
    }
    return isOurs;
  }

  async #attend(message: WorkMessage, session: WorkSession, begun: BegunWork): Promise<void> {
    this.sessions.add(message);
    await this.#workAndList(session, begun);
    this.sessions.delete(message);
  }

  // ---- As a consumer ----

  #name(): string {
    this.#consumers += 1;
    return `${this.name}/${this.#consumers}`;
  }

  /** Works on a message, as worker/consumers/work-on.ts does. */
  work(message: WorkMessage, budgetMs: number): void {
    this.sessions.add(message);
    this.#workAndList(this.#session(message, { consumer: this.#name(), budgetMs })).then(
      () => this.sessions.delete(message),
      (error: unknown) => this.#deps.world.fail(error),
    );
  }

  /** Rule ST6, as worker/services/list-ended.ts does. */
  async #workAndList(session: WorkSession, begun?: BegunWork): Promise<void> {
    const { list, network, objectOf } = this.#deps;
    const ending = await session.run(begun);
    if (ending === undefined) {
      return;
    }
    const { execution_id: id, workspace_id: workspaceId, seq } = ending.summary;
    const listed = await list.write(ending.summary, this);
    const told = listed
      ? network.call(this, objectOf(id), "listed", [workspaceId, seq])
      : network.call(this, objectOf(id), "relist", [workspaceId]);
    await told.catch(onlyFailedCalls);
  }

  #session(
    message: WorkMessage,
    more: Pick<SessionDeps, "consumer" | "budgetMs"> & Partial<Pick<SessionDeps, "object">>,
    unstored?: ReadonlySet<string>,
  ): WorkSession {
    const { large } = this.#deps.world;
    return new WorkSession(
      {
        object: this.#object(message.execution_id),
        getBlock: (id) => (id === SCRIPTED ? scriptedBlock : undefined),
        context: (lease, graph, live) => this.#context(message.execution_id, lease, { graph, unstored, ...live }),
        ...(large === null ? {} : { values: () => large.of(message.execution_id) }),
        clock: this,
        slots: this.#deps.slots,
        lists: true,
        ...more,
      },
      message,
    );
  }

  /** Begins a run, as worker/services/begin-run.ts does. */
  draft({ inputs, ...request }: StartRequest): Promise<Draft> {
    const header = { ...request, created_at: this.now() };
    const { large } = this.#deps.world;
    return runFirstStretch(header, inputs, {
      getBlock: (id) => (id === SCRIPTED ? scriptedBlock : undefined),
      context: (lease, { execution_id, plan }, live) => {
        const graph = { id: plan.graph_id, version: plan.graph_version };
        return this.#context(execution_id, lease, { graph, ...live });
      },
      ...(large === null ? {} : { values: ({ executionId }) => large.of(executionId) }),
      clock: this,
    });
  }

  #object(executionId: string): SessionDeps["object"] {
    const { network, objectOf, watch } = this.#deps;
    const host = objectOf(executionId);
    const call = async (method: string, args: unknown[]): Promise<WorkAnswer> => {
      const answer = (await network.call(this, host, method, args)) as WorkAnswer;
      for (const lease of answer.leases) {
        watch.leased(this, executionId, lease);
      }
      return answer;
    };
    return {
      lease: (request) => call("lease", [this.#asVersion(request)]),
      report: (reports: AttemptReport[], next, continuedFrom) =>
        call("report", [reports, this.#asVersion(next), continuedFrom]),
      heartbeat: (attempts) => call("heartbeat", [attempts]),
    };
  }

  #asVersion(request: LeaseRequest): LeaseRequest {
    const { version } = this.#deps;
    if (version === "current") {
      return request;
    }
    const { wants: _wants, ...rest } = request;
    return version === "one_at_a_time" ? { ...request, max: Math.min(request.max, 1) } : rest;
  }

  #context(
    executionId: string,
    lease: Lease,
    more: {
      graph: { id: string; version: number };
      unstored?: ReadonlySet<string> | undefined;
      cancellation: Cancellation;
      onUsage: Parameters<SessionDeps["context"]>[2]["onUsage"];
    },
  ): BlockContext {
    const { watch, world } = this.#deps;
    const { cancellation, graph } = more;
    return {
      fetch: () => Promise.reject(new Error("there is no network here")),
      request: () => Promise.reject(new Error("there is no network here")),
      signal: cancellation.signal,
      idempotencyKey: lease.idempotency_key,
      callbackUrl: () => {
        if (this.up) {
          watch.addressGiven(executionId, lease.node_execution_id);
        }
        return "https://weft.test/callback";
      },
      retriesLeft: () => lease.retries_left ?? 0,
      resume: lease.resume,
      run: {
        executionId,
        nodeExecutionId: lease.node_execution_id,
        nodeId: lease.node_id,
        graphId: graph.id,
        graphVersion: graph.version,
        attempt: lease.attempt,
      },
      credential: async () => undefined,
      modelPrice: () => undefined,
      usage: more.onUsage,
      now: () => this.now(),
      random: () => world.random.next(),
      sleep: (ms) => sleep(ms, cancellation, (after, work) => this.after(after, work)),
      logger: {
        info: (what) => {
          if (this.up && what === BEGUN) {
            watch.begun(this, executionId, lease, more.unstored?.has(attemptKey(lease)) === true);
          } else if (this.up && what === ACTED) {
            watch.acted(executionId, lease);
          }
        },
        warn: () => {},
      },
    };
  }
}

function attemptKey({ node_execution_id: ne, attempt }: Pick<Lease, "node_execution_id" | "attempt">): string {
  return `${ne}#${attempt}`;
}
