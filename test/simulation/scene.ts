import { v5 as uuidv5 } from "uuid";
import { childExecutionId } from "#durable-objects/execution/effects.ts";
import { History } from "#durable-objects/execution/history.ts";
import type { CarryRequest, ChildRequest, ForkPoint, StartRequest } from "#durable-objects/execution/protocol.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { AttemptWatch } from "./attempt-watch.ts";
import { Chaos } from "./chaos.ts";
import { Client, Subscriber } from "./client.ts";
import { addFeatures } from "./featured-agent.ts";
import { Isolate } from "./isolate.ts";
import type { LogModel } from "./log-model.ts";
import { Network } from "./network.ts";
import { ObjectHost } from "./object-host.ts";
import type { Answer } from "./object-host.ts";
import { ObjectWatch } from "./object-watch.ts";
import { Outsider } from "./outsider.ts";
import { randomAgent } from "./random-agent.ts";
import type { Random } from "./random.ts";
import { RunList } from "./run-list.ts";
import { must } from "./violation.ts";
import { WorkQueue } from "./work-queue.ts";
import type { World } from "./world.ts";

/** After the last fault a run has this long, and a world this many steps, to come to its end. */
const PATIENCE_MS = 8 * 3_600_000;
const MAX_STEPS = 60_000;

/** A run may be started from one that was started from one. */
const MOST_RERUNS = 2;

/** The runtime lets go of an object that nobody has called for 10 s. */
const IDLE_MS = 10_000;

const WORKSPACE = "w";
const EXECUTION = uuidv5("simulated run", uuidv5.URL);

interface Home {
  host: ObjectHost;
  watch: ObjectWatch;
}

/** Everybody who takes part: the run and those that it starts, their objects, the queue and its consumers, people. */
export class Scene {
  readonly #world: World;
  readonly #homes = new Map<string, Home>();
  readonly #attempts: AttemptWatch;
  readonly #network: Network;
  readonly #queue: WorkQueue;
  readonly #list: RunList;
  readonly #front: Isolate;
  readonly #starts: Random;
  readonly #client: Client;
  /** Whoever has started a run and waits for its end. */
  readonly #clients: Client[] = [];
  readonly #outsider: Outsider;
  /** New runs that are still to be started from others. */
  #rerunsToCome = 0;
  readonly #subscribers: { subscriber: Subscriber; executionId: string }[] = [];
  readonly #request: StartRequest;
  readonly #leaseMs: number;
  readonly #idleMs: number | null;
  readonly #slots: number;

  constructor(world: World) {
    this.#world = world;
    const random = world.random.stream("scene");
    this.#leaseMs = random.pick([400, 1_000, 3_000, 30_000]);
    this.#idleMs = random.pick([null, IDLE_MS]);
    const drawsSlots = world.features.has("message_batches") || world.features.has("memory_pool");
    this.#slots = drawsSlots ? world.random.stream("slots").pick([1, 2, 5]) : 5;
    this.#network = new Network(world);
    this.#list = new RunList(world);
    this.#attempts = new AttemptWatch(world, {
      log: (id) => this.#home(id).watch.log,
      host: (id) => this.#home(id).host,
    });
    this.#outsider = new Outsider(world, {
      network: this.#network,
      hostOf: (id) => this.#home(id).host,
      logOf: (id) => this.#home(id).watch.log,
      logs: () => this.#logs(),
      isOver: () => this.#rerunsToCome === 0 && this.#clients.every(({ ended }) => ended !== null),
    });
    this.#attempts.onAddress = (executionId, ne) => this.#outsider.given({ executionId, ne });
    this.#queue = new WorkQueue(world, {
      network: this.#network,
      objectOf: (id) => this.#home(id).host,
      watch: this.#attempts,
      list: this.#list,
      slots: this.#slots,
    });
    this.#front = new Isolate("front", {
      world,
      network: this.#network,
      objectOf: (id) => this.#home(id).host,
      watch: this.#attempts,
      list: this.#list,
      version: "current",
      ahead: 0,
      slots: this.#slots,
    });
    this.#starts = world.random.stream("starts");
    this.#client = this.#newClient("client", this.root.host, this.#starts);
    const { plan, inputs } = randomAgent(random.stream("agent"), { paceMs: Math.min(this.#leaseMs, 4_000), depth: 0 });
    addFeatures(plan, world.features, world.random.stream("features"));
    this.#request = { execution_id: EXECUTION, workspace_id: WORKSPACE, plan, inputs, source: "simulation" };
    const rates = [...world.faults.rates].map(([kind, rate]) => `${kind} ${rate.toFixed(3)}`).join(", ");
    world.note(() => `lease ${this.#leaseMs} ms, calm after ${world.faults.calmAfter} ms, ${rates || "no faults"}`);
    world.note(() => `features: ${world.features.names.join(", ") || "none"}, ${this.#slots} at a time`);
    world.note(() => `plan ${JSON.stringify(plan)}, inputs ${JSON.stringify(inputs)}`);
  }

  get root(): Home {
    return this.#home(EXECUTION);
  }

  get #hosts(): ObjectHost[] {
    return [...this.#homes.values()].map(({ host }) => host);
  }

  get logs(): LogModel[] {
    return [...this.#logs()].map(([, log]) => log);
  }

  *#logs(): Iterable<[executionId: string, log: LogModel]> {
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

  async play(): Promise<void> {
    const world = this.#world;
    this.#begin();
    const chaos = new Chaos(world, {
      hosts: () => this.#hosts,
      queue: this.#queue,
      network: this.#network,
      leaseMs: this.#leaseMs,
      isOver: () => this.logs.length > 0 && this.logs.every(({ ended }) => ended !== null),
      onCalm: () => (this.#attempts.calmSince = world.now + 10_000),
    });
    chaos.begin();
    const runs = world.features.has("reruns") ? 1 + MOST_RERUNS : 1;
    const asleep = await world.run({
      steps: runs * MAX_STEPS,
      elapsed: world.faults.calmAfter + runs * PATIENCE_MS,
    });
    const when = (): string => `after ${world.steps} steps and ${world.elapsed} ms`;
    must(this.root.watch.log !== null, "every-run-ends", () => `${when()} the run was not started`);
    for (const [id, { watch }] of this.#homes) {
      must(watch.log?.ended !== null, "every-run-ends", () => `${when()} the run ${id} goes on`);
    }
    must(asleep, "world-falls-asleep", () => `${when()} all runs are over and something still happens`);
    this.#checkEnd();
  }

  // ---- Objects ----

  #home(id: string, name?: string): Home {
    let home = this.#homes.get(id);
    if (home === undefined) {
      home = this.#build(id, name ?? (this.#homes.size === 0 ? "object" : `child${this.#homes.size}`));
      this.#homes.set(id, home);
    }
    return home;
  }

  #build(id: string, name: string): Home {
    const watch = new ObjectWatch(this.#world, (ne) => this.#homes.get(childExecutionId(id, ne))?.watch.log ?? null);
    watch.onLog = (log) => (log.onLost = (entry) => this.#attempts.lost(id, entry));
    const host: ObjectHost = new ObjectHost(this.#world, name, {
      executionId: id,
      watch,
      leaseMs: this.#leaseMs,
      idleMs: this.#idleMs,
      slots: this.#slots,
      surroundings: {
        work: (messages) => messages.forEach((message) => this.#queue.send(message)),
        list: (summary) => {
          watch.told(summary.seq);
          this.#list.tell(summary);
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
    this.#network.call(from, this.#home(to.other).host, to.method, to.args).then(
      (value) => reply({ ok: true, value }),
      (error: unknown) => reply({ ok: false, error: String(error) }),
    );
  }

  /** An object calls the Worker. */
  #ask(from: ObjectHost, { what, args }: { what: string; args: unknown[] }, reply: (answer: Answer) => void): void {
    if (what === "listedSeq") {
      this.#list.ask(String(args[0]), from, reply);
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
    const { host } = this.#home(execution_id);
    const begin = async (): Promise<unknown> => {
      if (this.#starts.chance(0.5)) {
        return this.#network.call(from, host, "start", [start, 0]);
      }
      const draft = await this.#front.draft(start);
      return this.#network.call(from, host, "adopt", [draft.toBegunRun(false), 0]);
    };
    this.#world.schedule(this.#starts.between(0, 5), this.#front, "starts a child", () => {
      begin().then(
        () => reply({ ok: true, value: { ok: true, value: null } }),
        (error: unknown) => reply({ ok: false, error: String(error) }),
      );
    });
  }

  #carry(asking: ObjectHost, request: CarryRequest, reply: (answer: Answer) => void): void {
    const { from_execution_id: from, to_execution_id: to, outputs, selects } = request;
    // Answered in a step of the object that asked.
    this.#world.schedule(this.#starts.between(0, 5), asking, "its values are carried", () => {
      try {
        reply({ ok: true, value: this.#world.large?.carry(from, to, outputs, selects) ?? outputs });
      } catch (error) {
        reply({ ok: false, error: String(error) });
      }
    });
  }

  // ---- People ----

  #newClient(name: string, host: ObjectHost, random: Random): Client {
    const client = new Client(name, this.#world, {
      network: this.#network,
      host,
      front: this.#front,
      worker: () => this.#queue.isolate(),
      list: this.#list,
      random,
    });
    this.#clients.push(client);
    return client;
  }

  #go(client: Client, what: string, { ms, work }: { ms: number; work: () => Promise<unknown> }): void {
    const world = this.#world;
    world.schedule(ms, client, what, () => void work().catch((error: unknown) => world.fail(error)));
  }

  #begin(): void {
    const world = this.#world;
    const random = world.random.stream("people");
    const client = this.#client;
    const go = (what: string, ms: number, work: () => Promise<unknown>): void => this.#go(client, what, { ms, work });
    go("starts the run", 0, () => client.start(this.#request));
    if (random.chance(0.2)) {
      const again = { ...this.#request, inputs: { in0: "other" } };
      go("starts the run again", random.small(1, 5_000), () => client.start(again));
    }
    if (random.chance(0.08)) {
      go("stops the run", random.small(1, 20_000), () => client.stop(WORKSPACE));
    }
    if (random.chance(0.15)) {
      const forMs = random.small(1, 20_000);
      go("pauses the run", random.small(1, 10_000), () => client.holdUp(WORKSPACE, forMs));
    }
    go("reviews", random.small(1, 5_000), () => client.decideReviews(WORKSPACE, () => this.#hosts));
    if (random.chance(0.3)) {
      go("waits for the end", random.small(1, 1_000), () => client.waitForEnd(WORKSPACE));
    } else {
      go("looks for the end", random.small(1, 20_000), () => client.watchForEnd(WORKSPACE));
    }
    if (random.chance(0.3)) {
      go("reads the events", random.small(1, 10_000), async () =>
        this.#same(EXECUTION, { after: 0, events: await client.read(WORKSPACE) }),
      );
    }
    for (let count = random.between(0, 2); count > 0; count -= 1) {
      this.#subscribe(`subscriber${count}`, EXECUTION, random);
    }
    if (world.features.has("reruns")) {
      this.#planRerun(1, { client, executionId: EXECUTION });
    }
  }

  #subscribe(name: string, executionId: string, random: Random): void {
    const world = this.#world;
    const at = { network: this.#network, host: this.#home(executionId).host, after: random.small(0, 20) };
    const subscriber = new Subscriber(name, world, at);
    this.#subscribers.push({ subscriber, executionId });
    world.schedule(random.small(1, 10_000), subscriber, "subscribes", () => {
      void subscriber.connect(WORKSPACE).catch((error: unknown) => world.fail(error));
    });
  }

  // ---- New runs from old ones ----

  /** Somebody retries a run when it is over, or forks it at some node execution whenever. */
  #planRerun(number: number, of: { client: Client; executionId: string }): void {
    const random = this.#world.random.stream(`rerun ${number}`);
    const inputs = { [random.pick(["p0", "p1", "value", "item", "out"])]: `laid ${number}` };
    const fork = random.chance(0.5) ? { node_execution_id: `n${random.small(1, 12)}`, inputs } : null;
    this.#rerunsToCome += 1;
    const what = fork === null ? "retries the run" : `forks the run at ${fork.node_execution_id}`;
    const work = (): Promise<void> => this.#rerun({ number, fork, random }, of);
    this.#go(of.client, what, { ms: random.small(1, 30_000), work });
  }

  async #rerun(
    { number, fork, random }: { number: number; fork: ForkPoint | null; random: Random },
    { client, executionId: old }: { client: Client; executionId: string },
  ): Promise<void> {
    const rerun = await client.askForRerun(WORKSPACE, fork);
    this.#rerunsToCome -= 1;
    if (rerun === null) {
      return;
    }
    const { plan, inputs, reuse } = rerun;
    const id = uuidv5(`rerun ${number}`, EXECUTION);
    const origin =
      fork === null
        ? ({ kind: "retry", execution_id: old } as const)
        : ({ kind: "fork", execution_id: old, node_execution_id: fork.node_execution_id } as const);
    const more = { plan, inputs, reuse, origin, source: "simulation" };
    const request: StartRequest = { execution_id: id, workspace_id: WORKSPACE, ...more };
    this.#world.large?.copyAll(old, id);
    const { host } = this.#home(id, `rerun${number}`);
    const next = this.#newClient(`client of rerun${number}`, host, random);
    const go = (what: string, ms: number, work: () => Promise<unknown>): void => this.#go(next, what, { ms, work });
    go("starts the run", 0, () => next.start(request));
    go("reviews", random.small(1, 5_000), () => next.decideReviews(WORKSPACE, () => this.#hosts));
    go("looks for the end", random.small(1, 20_000), () => next.watchForEnd(WORKSPACE));
    if (random.chance(0.1)) {
      go("stops the run", random.small(1, 20_000), () => next.stop(WORKSPACE));
    }
    if (random.chance(0.3)) {
      const forMs = random.small(1, 20_000);
      go("pauses the run", random.small(1, 3_000), () => next.holdUp(WORKSPACE, forMs));
    }
    if (random.chance(0.5)) {
      this.#subscribe(`subscriber of rerun${number}`, id, random);
    }
    if (number < MOST_RERUNS && random.chance(0.4)) {
      this.#planRerun(number + 1, { client: next, executionId: id });
    }
  }

  // ---- The end ----

  /** Nothing more happens: everybody must know everything, and nothing may be left over. */
  #checkEnd(): void {
    for (const [id, { host, watch }] of this.#homes) {
      must(host.storage.alarm === null, "world-falls-asleep", () => `an alarm of ${host.name} is still set`);
      if (watch.log !== null) {
        this.#checkRun(id, watch.log);
      }
    }
    const sessions = this.#queue.living.flatMap(({ name, sessions: open }) => [...open].map(() => name));
    const left = (): string => `consumers still wait for something: ${sessions.join(", ")}`;
    must(sessions.length === 0, "world-falls-asleep", left);
    for (const client of this.#clients) {
      must(client.ended !== null, "told-is-kept", () => `the ${client.name} was never told of the end`);
    }
    this.#outsider.check();
    for (const { subscriber, executionId } of this.#subscribers) {
      must(subscriber.closed, "subscribers", () => `${subscriber.name} was not told of the end`);
      this.#same(executionId, subscriber);
    }
  }

  #checkRun(id: string, log: LogModel): void {
    const row = this.#list.rows.get(id);
    const rowText = (): string => `the list has ${JSON.stringify(row)}, the log ${log.lastSeq} events`;
    must(row?.seq === log.lastSeq, "list-knows", rowText);
    const cutShort = log.ended?.type === "execution_failed" && log.ended.error.code === "step_limit";
    const [given, expected] = [log.outputs, log.referenceOutputs].map((outputs) => JSON.stringify(sorted(outputs)));
    must(
      cutShort || given === expected,
      "reference",
      () => `the run's outputs are ${given}, and should be ${expected}`,
    );
  }

  #same(executionId: string, { after, events }: { after: number; events: unknown[] }): void {
    const { host, watch } = this.#home(executionId);
    const plan = watch.log?.plan ?? this.#request.plan;
    const all = new History(host.reader(), plan, executionId).events(after, 100_000);
    const [given, expected] = [JSON.stringify(events), JSON.stringify(all)];
    must(given === expected, "subscribers", () => `got ${given}\nthe log has ${expected}`);
  }
}

function sorted(outputs: Record<string, unknown>): [string, unknown][] {
  return Object.entries(outputs).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
