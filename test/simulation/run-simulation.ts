import { History } from "#durable-objects/execution/history.ts";
import type { StartRequest } from "#durable-objects/execution/protocol.ts";
import { AttemptWatch } from "./attempt-watch.ts";
import { Chaos } from "./chaos.ts";
import { Client, Subscriber } from "./client.ts";
import { FaultPlan } from "./faults.ts";
import type { FaultKind } from "./faults.ts";
import { Network } from "./network.ts";
import { ObjectHost } from "./object-host.ts";
import { ObjectWatch } from "./object-watch.ts";
import { within } from "./platform.ts";
import { Random } from "./random.ts";
import { randomAgent } from "./random-agent.ts";
import { RunList } from "./run-list.ts";
import { must, Violation } from "./violation.ts";
import type { Invariant } from "./violation.ts";
import { WorkQueue } from "./work-queue.ts";
import { World } from "./world.ts";

export interface SimulationOptions {
  seed: number;
  /** Keep a line for everything that happens. */
  trace?: boolean;
  /** Kinds of fault that are left out. */
  without?: readonly string[];
}

export interface SimulationResult {
  seed: number;
  failure: { invariant: Invariant; message: string } | null;
  trace: string[];
  steps: number;
  commits: number;
  events: number;
  /** What the run ended with. */
  status: string;
  faults: Map<FaultKind, number>;
  enabled: FaultKind[];
  /** Of everything that was committed: the same for the same seed. */
  digest: string;
}

/** After the last fault a run has this long, and a world this many steps, to come to its end. */
const PATIENCE_MS = 3_600_000;
const MAX_STEPS = 40_000;

/** The runtime lets go of an object that nobody has called for 10 s. */
const IDLE_MS = 10_000;

const WORKSPACE = "w";
const EXECUTION = "x";

/** One run in a world of its own, from one seed. Everything that can be told of it is in the result; it never throws for what it finds. */
export async function runSimulation(options: SimulationOptions): Promise<SimulationResult> {
  const random = new Random(options.seed);
  const faults = new FaultPlan(random, new Set(options.without ?? []));
  const trace: string[] = [];
  const world = new World(random.stream("world"), faults, options.trace === true ? trace : null);
  const scene = new Scene(world);
  const onUnhandled = (error: unknown): void => world.fail(error);
  process.on("unhandledRejection", onUnhandled);
  let failure: SimulationResult["failure"] = null;
  try {
    await within(world, () => scene.play());
  } catch (error) {
    failure =
      error instanceof Violation
        ? error
        : { invariant: "no-surprise", message: String(error instanceof Error ? error.stack : error) };
  } finally {
    process.off("unhandledRejection", onUnhandled);
    scene.host.storage.close();
  }
  const { log } = scene.watch;
  return {
    seed: options.seed,
    failure: failure === null ? null : { invariant: failure.invariant, message: failure.message },
    trace,
    steps: world.steps,
    commits: log?.commits ?? 0,
    events: log?.lastSeq ?? 0,
    status: log?.ended?.type ?? "none",
    faults: faults.counts,
    enabled: [...faults.rates.keys()],
    digest: `${world.steps} ${world.elapsed} ${JSON.stringify(log?.events ?? [])}`,
  };
}

/** Everybody who takes part. */
class Scene {
  readonly host: ObjectHost;
  readonly watch: ObjectWatch;
  readonly #world: World;
  readonly #attempts: AttemptWatch;
  readonly #network: Network;
  readonly #queue: WorkQueue;
  readonly #list: RunList;
  readonly #client: Client;
  readonly #subscribers: Subscriber[] = [];
  readonly #request: StartRequest;

  constructor(world: World) {
    this.#world = world;
    const random = world.random.stream("scene");
    const leaseMs = random.pick([400, 1_000, 1_000, 3_000, 30_000]);
    this.watch = new ObjectWatch(world);
    this.#attempts = new AttemptWatch(
      world,
      () => this.watch.log,
      () => this.host,
    );
    this.#network = new Network(world);
    this.host = new ObjectHost(world, "object", {
      watch: this.watch,
      leaseMs,
      idleMs: random.pick([null, IDLE_MS]),
      surroundings: {
        work: (messages) => messages.forEach((message) => this.#queue.send(message)),
        list: (summary) => {
          this.watch.told(summary.seq);
          this.#list.tell(summary);
        },
        ask: (_what, [id], reply) => this.#list.ask(String(id), this.host, reply),
      },
    });
    this.#client = new Client("client", world, { network: this.#network, host: this.host });
    this.#queue = new WorkQueue(world, {
      network: this.#network,
      objectOf: () => this.host,
      watch: this.#attempts,
    });
    this.#list = new RunList(world);
    const { plan, inputs } = randomAgent(random.stream("agent"), Math.min(leaseMs, 4_000));
    this.#request = { execution_id: EXECUTION, workspace_id: WORKSPACE, plan, inputs, source: "simulation" };
    world.note(
      () => `lease ${leaseMs} ms, calm after ${world.faults.calmAfter} ms, ${JSON.stringify([...world.faults.rates])}`,
    );
    world.note(() => `plan ${JSON.stringify(plan)}, inputs ${JSON.stringify(inputs)}`);
  }

  async play(): Promise<void> {
    const world = this.#world;
    this.#begin();
    const chaos = new Chaos(world, {
      host: this.host,
      queue: this.#queue,
      network: this.#network,
      isOver: () => this.watch.log !== null && this.watch.log.ended !== null,
      onCalm: () => (this.#attempts.calmSince = world.now + 10_000),
    });
    chaos.begin();
    this.watch.onBatch = (log) => (log.onLost = (entry) => this.#attempts.lost(entry));
    const asleep = await world.run({ steps: MAX_STEPS, elapsed: world.faults.calmAfter + PATIENCE_MS });
    const { log } = this.watch;
    must(
      log?.ended !== null && log !== null,
      "every-run-ends",
      () => `after ${world.steps} steps and ${world.elapsed} ms the run goes on`,
    );
    must(
      asleep,
      "world-falls-asleep",
      () => `after ${world.steps} steps and ${world.elapsed} ms the run is over and something still happens`,
    );
    this.#checkEnd();
  }

  #begin(): void {
    const world = this.#world;
    const random = world.random.stream("people");
    const go = (what: string, ms: number, work: () => Promise<unknown>): void =>
      void world.schedule(ms, this.#client, what, () => void work().catch((error: unknown) => world.fail(error)));
    go("starts the run", 0, () => this.#client.start(this.#request));
    if (random.chance(0.2)) {
      go("starts the run again", random.small(1, 5_000), () =>
        this.#client.start({ ...this.#request, inputs: { in0: "other" } }),
      );
    }
    if (random.chance(0.08)) {
      go("stops the run", random.small(1, 20_000), () => this.#client.cancel(WORKSPACE));
    }
    if (random.chance(0.3)) {
      go("waits for the end", random.small(1, 1_000), () => this.#client.waitForEnd(WORKSPACE));
    } else {
      go("looks for the end", random.small(1, 20_000), () => this.#client.watchForEnd(WORKSPACE));
    }
    if (random.chance(0.3)) {
      go("reads the events", random.small(1, 10_000), async () => this.#same(0, await this.#client.read(WORKSPACE)));
    }
    for (let count = random.between(0, 2); count > 0; count -= 1) {
      const at = { network: this.#network, host: this.host, after: random.small(0, 20) };
      const subscriber = new Subscriber(`subscriber${count}`, world, at);
      this.#subscribers.push(subscriber);
      world.schedule(random.small(1, 10_000), subscriber, "subscribes", () => {
        void subscriber.connect(WORKSPACE).catch((error: unknown) => world.fail(error));
      });
    }
  }

  /** Nothing more happens: everybody must know everything, and nothing may be left over. */
  #checkEnd(): void {
    const { log } = this.watch;
    if (log === null) {
      return;
    }
    const row = this.#list.rows.get(EXECUTION);
    must(
      row?.seq === log.lastSeq,
      "list-knows",
      () => `the list has ${JSON.stringify(row)}, the log ${log.lastSeq} events`,
    );
    must(this.host.storage.alarm === null, "world-falls-asleep", () => "an alarm is still set");
    const sessions = this.#queue.living.flatMap(({ name, sessions: open }) => [...open].map(() => name));
    must(
      sessions.length === 0,
      "world-falls-asleep",
      () => `consumers still wait for something: ${sessions.join(", ")}`,
    );
    must(this.#client.ended !== null, "told-is-kept", () => "the client was never told of the end");
    const { outputs } = this.host.run?.state ?? {};
    if (outputs !== undefined && log.ended?.type === "execution_completed") {
      const [given, expected] = [
        JSON.stringify(sorted(Object.fromEntries(outputs))),
        JSON.stringify(sorted(log.referenceOutputs)),
      ];
      must(given === expected, "reference", () => `the run's outputs are ${given}, and should be ${expected}`);
    }
    for (const subscriber of this.#subscribers) {
      must(subscriber.closed, "subscribers", () => `${subscriber.name} was not told of the end`);
      this.#same(subscriber.after, subscriber.events);
    }
  }

  #same(after: number, events: unknown[]): void {
    const all = new History(this.host.reader(), this.#request.plan).events(after, 100_000);
    must(
      JSON.stringify(events) === JSON.stringify(all),
      "subscribers",
      () => `got ${JSON.stringify(events)}\nthe log has ${JSON.stringify(all)}`,
    );
  }
}

function sorted(outputs: Record<string, unknown>): [string, unknown][] {
  return Object.entries(outputs).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
