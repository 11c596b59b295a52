import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { Block } from "#blocks/define-block.ts";
import { valueOf } from "#durable-objects/execution/outcome.testkit.ts";
import type { ChildRequest, ExecutionView, StartRequest, WorkMessage } from "#durable-objects/execution/protocol.ts";
import { isTerminal } from "#graph/run/status.ts";
import type { JsonValue } from "#graph/json.ts";
import { createDeps } from "#worker/compose.ts";
import { lastingStub } from "#worker/consumers/lasting-stub.ts";
import { runFirstStretch } from "#worker/consumers/first-stretch.ts";
import { firstStretchDeps } from "#worker/consumers/work-on.ts";
import type { SessionDeps } from "#worker/consumers/session-deps.ts";
import { startChild } from "#worker/services/start-child.ts";
import { testEnv } from "./api-client.ts";
import { eventsOf, isolate, isolatedObject, nodeExecutionsOf, workSession } from "./isolated-object.testkit.ts";
import type { IsolatedObject } from "./isolated-object.testkit.ts";

/** What goes wrong at one call of an object: each call is one commit. */
export const FAULTS = [
  "the object is evicted after the commit",
  "the object is evicted before the call",
  "every object is aborted after the commit",
  "the call is lost",
  "the answer is lost",
  "the answer is lost and the object evicted",
  "the consumer dies after the commit",
  "the consumer dies and the object is evicted",
] as const;
export type Fault = (typeof FAULTS)[number];

/** Faults that no consumer may notice: whoever asks again is answered, and no attempt is lost. */
export const UNNOTICED: ReadonlySet<Fault> = new Set([
  "the object is evicted after the commit",
  "the object is evicted before the call",
  "every object is aborted after the commit",
]);

export interface World {
  start: Omit<StartRequest, "execution_id">;
  /** The object does the start itself, as it does for a run that had to wait for its turn; else the run is born with its first stretch. */
  startedByObject?: boolean;
  getBlock?: (id: string) => Block | undefined;
  fault?: { at: number; kind: Fault };
  /** Each message is delivered twice, the newest first, all at once. */
  shuffled?: boolean;
}

/** What a run has come to, as far as it must not depend on what went wrong. */
export interface RunOutcome {
  status: string;
  error: string | undefined;
  outputs: Record<string, JsonValue[]>;
  /** Every node execution: node, status, outputs; sorted. */
  nodes: string[];
}

export interface FaultyRunResult {
  outcome: RunOutcome;
  /** Calls of objects, each at most one commit. */
  calls: number;
  /** What no log may show, whatever happened. */
  problems: string[];
  /** Attempts that were taken for lost. */
  lost: number;
}

const MOST_ROUNDS = 200;
/** Longer than a lease and than any wait of these agents. */
const A_WHILE_MS = 7_200_000;

class Lost extends Error {}

/** A run whose queue, consumers, people and time are played here, with the real object, consumer and blocks. */
class FaultyRun {
  calls = 0;
  readonly #world: World;
  readonly #objects = new Map<string, IsolatedObject>();
  readonly #root: string;
  #skew = 0;
  readonly #now = Date.now;

  constructor(world: World) {
    this.#world = world;
    this.#root = crypto.randomUUID();
  }

  async run(): Promise<FaultyRunResult> {
    Date.now = () => this.#now() + this.#skew;
    try {
      const object = await this.#open(this.#root);
      const begin = await this.#beginning(object);
      await this.#insist(() => this.#call(object, begin));
      await this.#drive(object);
      return { outcome: await this.#outcome(object), calls: this.calls, ...(await this.#looked()) };
    } finally {
      Date.now = this.#now;
    }
  }

  async #beginning(object: IsolatedObject): Promise<() => Promise<unknown>> {
    const { start, startedByObject, getBlock } = this.#world;
    const request = { ...start, execution_id: this.#root };
    if (startedByObject === true) {
      return () => object.stub.start(request, 0);
    }
    const { inputs, ...header } = request;
    const deps = { ...firstStretchDeps(testEnv), ...(getBlock === undefined ? {} : { getBlock }) };
    const draft = await runFirstStretch({ ...header, created_at: Date.now() }, inputs, deps);
    const begun = draft.toBegunRun(false);
    return () => object.stub.adopt(begun, 0);
  }

  get #workspace(): string {
    return this.#world.start.workspace_id;
  }

  /** The object of an id, cut off from the real queues. */
  async #open(id: string): Promise<IsolatedObject> {
    const object = this.#objects.get(id) ?? (await isolatedObject(id));
    this.#objects.set(id, object);
    await this.#isolate(object);
    return object;
  }

  async #isolate(object: IsolatedObject): Promise<void> {
    await isolate(object);
    await runInDurableObject(object.inside, (instance) => {
      const own = instance as unknown as { env: Record<string, unknown> };
      own.env = {
        ...own.env,
        WORK_RUNNER: {
          startChild: async (request: ChildRequest) => {
            await this.#open(request.execution_id);
            return startChild(createDeps(testEnv), request);
          },
          listedSeq: async () => Number.MAX_SAFE_INTEGER,
        },
      };
    });
  }

  /** A call of the object, at which the fault of this world may happen. */
  async #call<T>(object: IsolatedObject, call: () => Promise<T>): Promise<T> {
    this.calls += 1;
    const { fault } = this.#world;
    if (fault === undefined || this.calls !== fault.at) {
      return call();
    }
    const evict = async (): Promise<void> => {
      await evictDurableObject(object.inside);
      await this.#isolate(object);
    };
    switch (fault.kind) {
      case "the object is evicted before the call":
        await evict();
        return call();
      case "the call is lost":
        throw new Lost();
      default:
        break;
    }
    const answer = await call();
    switch (fault.kind) {
      case "the object is evicted after the commit":
        await evict();
        return answer;
      case "every object is aborted after the commit":
        await abortAllDurableObjects();
        await this.#isolateAll();
        return answer;
      case "the answer is lost":
        throw new Lost();
      case "the answer is lost and the object evicted":
        await evict();
        throw new Lost();
      case "the consumer dies and the object is evicted":
        await evict();
        return this.#die();
      default:
        return this.#die();
    }
  }

  #dead: (() => void) | null = null;

  /** Whoever called hears nothing any more, and does nothing any more. */
  #die(): Promise<never> {
    this.#dead?.();
    return new Promise(() => undefined);
  }

  async #isolateAll(): Promise<void> {
    for (const object of this.#objects.values()) {
      await this.#isolate(object);
    }
  }

  /** People and clients ask again when they hear nothing; what dies with a consumer is theirs too. */
  async #insist(call: () => Promise<unknown>): Promise<void> {
    const died = new Promise<void>((resolve) => (this.#dead = resolve));
    try {
      await Promise.race([call(), died]);
    } catch (error) {
      if (!(error instanceof Lost)) {
        throw error;
      }
      await call();
    }
  }

  async #drive(root: IsolatedObject): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (isTerminal((await this.#view(root)).status)) {
        return;
      }
      if (!(await this.#deliver()) && !(await this.#decide())) {
        await this.#wait();
      }
    }
    throw new Error(`the run did not end: ${JSON.stringify(await this.#view(root))}`);
  }

  async #view({ stub }: IsolatedObject): Promise<ExecutionView> {
    return valueOf(await stub.view(this.#workspace));
  }

  /** Gives what was sent to consumers. */
  async #deliver(): Promise<boolean> {
    const work = [...this.#objects.values()].flatMap((object) =>
      object.sent.splice(0).map((message): [IsolatedObject, WorkMessage] => [object, message]),
    );
    const deliveries = this.#world.shuffled === true ? [...work, ...work].toReversed() : work;
    if (this.#world.shuffled === true) {
      await Promise.all(deliveries.map(([object, message]) => this.#consume(object, message)));
    } else {
      for (const [object, message] of deliveries) {
        await this.#consume(object, message);
      }
    }
    return work.length > 0;
  }

  async #consume(object: IsolatedObject, message: WorkMessage): Promise<void> {
    const lasting = lastingStub(() => object.stub);
    const called: SessionDeps["object"] = {
      lease: (...args) => this.#call(object, () => lasting.lease(...args)),
      report: (...args) => this.#call(object, () => lasting.report(...args)),
      heartbeat: (...args) => lasting.heartbeat(...args),
    };
    const died = new Promise<void>((resolve) => (this.#dead = resolve));
    const { getBlock } = this.#world;
    const session = workSession(object, { object: called, ...(getBlock === undefined ? {} : { getBlock }) }, message);
    await Promise.race([session.run(), died]);
  }

  /** People approve what they are asked for. */
  async #decide(): Promise<boolean> {
    let decided = false;
    for (const object of this.#objects.values()) {
      const reviews = await object.stub.reviews(this.#workspace);
      for (const { review_id } of reviews.ok ? reviews.value : []) {
        const decision = { approved: true, data: "approved" };
        await this.#insist(() =>
          this.#call(object, () => object.stub.review(this.#workspace, review_id, decision, false)),
        );
        decided = true;
      }
    }
    return decided;
  }

  /** Nothing is to be done: time passes until alarms ring. */
  async #wait(): Promise<void> {
    this.#skew += A_WHILE_MS;
    for (const object of [...this.#objects.values()]) {
      await this.#isolate(object);
      await this.#insist(() => this.#call(object, () => runDurableObjectAlarm(object.inside)));
    }
    // What the alarms have set off in the background.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async #outcome(root: IsolatedObject): Promise<RunOutcome> {
    const { status, error, outputs } = await this.#view(root);
    const nodes = await nodeExecutionsOf(root, this.#workspace);
    return {
      status,
      error: error?.code,
      outputs,
      nodes: nodes.map(({ node_id, status: end, output }) => `${node_id} ${end} ${JSON.stringify(output)}`).sort(),
    };
  }

  async #looked(): Promise<Pick<FaultyRunResult, "problems" | "lost">> {
    const problems: string[] = [];
    let lost = 0;
    for (const object of this.#objects.values()) {
      const events = await eventsOf(object, this.#workspace);
      const ends = new Map<string, number>();
      for (const [index, event] of events.entries()) {
        if (event.seq !== index + 1) {
          problems.push(`event ${event.seq} is at place ${index + 1}`);
        }
        lost += event.type === "node_retrying" && event.error.code === "lease_lost" ? 1 : 0;
        if (event.type === "node_completed" || event.type === "node_failed" || event.type === "node_terminated") {
          ends.set(event.node_execution_id, (ends.get(event.node_execution_id) ?? 0) + 1);
        }
      }
      for (const [id, count] of ends) {
        if (count !== 1) {
          problems.push(`${id} ended ${count} times`);
        }
      }
    }
    return { problems, lost };
  }
}

export function runInFaultyWorld(world: World): ReturnType<FaultyRun["run"]> {
  return new FaultyRun(world).run();
}
