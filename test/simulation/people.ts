import { v5 as uuidv5 } from "uuid";
import { History } from "#durable-objects/execution/history.ts";
import type { ForkPoint, StartRequest } from "#durable-objects/execution/protocol.ts";
import { Client, Subscriber } from "./client.ts";
import type { Homes } from "./homes.ts";
import type { Isolate } from "./isolate.ts";
import type { Network } from "./network.ts";
import type { ObjectHost } from "./object-host.ts";
import type { Random } from "./random.ts";
import type { RunList } from "./run-list.ts";
import { must } from "./violation.ts";
import type { WorkQueue } from "./work-queue.ts";
import type { World } from "./world.ts";

/** A run may be started from one that was started from one. */
export const MOST_RERUNS = 2;

export interface PeopleDeps {
  network: Network;
  homes: Homes;
  queue: WorkQueue;
  list: RunList;
  /** The Worker that takes their requests. */
  front: Isolate;
  /** The chance in how the first run is started. */
  starts: Random;
}

/** Somebody with a run of theirs. */
interface Owner {
  client: Client;
  executionId: string;
}

/** Who starts the run and others from it, waits for their ends, and watches. */
export class People {
  readonly #world: World;
  readonly #deps: PeopleDeps;
  /** For the first run. */
  readonly #request: StartRequest;
  readonly #workspaceId: string;
  /** Whoever has started a run and waits for its end. */
  readonly #clients: Client[] = [];
  readonly #subscribers: { subscriber: Subscriber; executionId: string }[] = [];
  /** New runs that are still to be started from others. */
  #rerunsToCome = 0;

  constructor(world: World, request: StartRequest, deps: PeopleDeps) {
    this.#world = world;
    this.#request = request;
    this.#workspaceId = request.workspace_id;
    this.#deps = deps;
  }

  /** All know how their runs ended, and none will be started. */
  get areDone(): boolean {
    return this.#rerunsToCome === 0 && this.#clients.every(({ ended }) => ended !== null);
  }

  begin(): void {
    const world = this.#world;
    const { homes, starts } = this.#deps;
    const random = world.random.stream("people");
    const { execution_id: executionId } = this.#request;
    const client = this.#newClient("client", homes.of(executionId).host, starts);
    const go = (what: string, ms: number, work: () => Promise<unknown>): void => this.#go(client, what, { ms, work });
    go("starts the run", 0, () => client.start(this.#request));
    if (random.chance(0.2)) {
      const again = { ...this.#request, inputs: { in0: "other" } };
      go("starts the run again", random.small(1, 5_000), () => client.start(again));
    }
    this.#mayStop(client, random, 0.08);
    this.#mayPause(client, random, { chance: 0.15, withinMs: 10_000 });
    go("reviews", random.small(1, 5_000), () => client.decideReviews(this.#workspaceId, () => homes.hosts));
    if (random.chance(0.3)) {
      go("waits for the end", random.small(1, 1_000), () => client.waitForEnd(this.#workspaceId));
    } else {
      go("looks for the end", random.small(1, 20_000), () => client.watchForEnd(this.#workspaceId));
    }
    if (random.chance(0.3)) {
      go("reads the events", random.small(1, 10_000), async () =>
        this.#same(executionId, { after: 0, events: await client.read(this.#workspaceId) }),
      );
    }
    for (let count = random.between(0, 2); count > 0; count -= 1) {
      this.#subscribe(`subscriber${count}`, executionId, random);
    }
    if (world.features.has("reruns")) {
      this.#planRerun(1, { client, executionId });
    }
  }

  #mayStop(client: Client, random: Random, chance: number): void {
    if (random.chance(chance)) {
      const work = (): Promise<void> => client.stop(this.#workspaceId);
      this.#go(client, "stops the run", { ms: random.small(1, 20_000), work });
    }
  }

  #mayPause(client: Client, random: Random, { chance, withinMs }: { chance: number; withinMs: number }): void {
    if (random.chance(chance)) {
      const forMs = random.small(1, 20_000);
      const work = (): Promise<void> => client.holdUp(this.#workspaceId, forMs);
      this.#go(client, "pauses the run", { ms: random.small(1, withinMs), work });
    }
  }

  #subscribe(name: string, executionId: string, random: Random): void {
    const world = this.#world;
    const at = { network: this.#deps.network, host: this.#deps.homes.of(executionId).host, after: random.small(0, 20) };
    const subscriber = new Subscriber(name, world, at);
    this.#subscribers.push({ subscriber, executionId });
    world.schedule(random.small(1, 10_000), subscriber, "subscribes", () => {
      void subscriber.connect(this.#workspaceId).catch((error: unknown) => world.fail(error));
    });
  }

  // ---- New runs from old ones ----

  /** Somebody retries a run when it is over, or forks it at some node execution whenever. */
  #planRerun(number: number, of: Owner): void {
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
    { client, executionId: old }: Owner,
  ): Promise<void> {
    const rerun = await client.askForRerun(this.#workspaceId, fork);
    this.#rerunsToCome -= 1;
    if (rerun === null) {
      return;
    }
    const { plan, inputs, reuse } = rerun;
    const id = uuidv5(`rerun ${number}`, this.#request.execution_id);
    const origin =
      fork === null
        ? ({ kind: "retry", execution_id: old } as const)
        : ({ kind: "fork", execution_id: old, node_execution_id: fork.node_execution_id } as const);
    const more = { plan, inputs, reuse, origin, source: "simulation" };
    const request: StartRequest = { execution_id: id, workspace_id: this.#workspaceId, ...more };
    this.#world.large?.copyAll(old, id);
    const { host } = this.#deps.homes.of(id, `rerun${number}`);
    const next = this.#newClient(`client of rerun${number}`, host, random);
    const go = (what: string, ms: number, work: () => Promise<unknown>): void => this.#go(next, what, { ms, work });
    go("starts the run", 0, () => next.start(request));
    go("reviews", random.small(1, 5_000), () => next.decideReviews(this.#workspaceId, () => this.#deps.homes.hosts));
    go("looks for the end", random.small(1, 20_000), () => next.watchForEnd(this.#workspaceId));
    this.#mayStop(next, random, 0.1);
    this.#mayPause(next, random, { chance: 0.3, withinMs: 3_000 });
    if (random.chance(0.5)) {
      this.#subscribe(`subscriber of rerun${number}`, id, random);
    }
    if (number < MOST_RERUNS && random.chance(0.4)) {
      this.#planRerun(number + 1, { client: next, executionId: id });
    }
  }

  // ---- Help ----

  #newClient(name: string, host: ObjectHost, random: Random): Client {
    const { network, front, queue, list } = this.#deps;
    const client = new Client(name, this.#world, {
      network,
      host,
      front,
      worker: () => queue.isolate(),
      list,
      random,
    });
    this.#clients.push(client);
    return client;
  }

  #go(client: Client, what: string, { ms, work }: { ms: number; work: () => Promise<unknown> }): void {
    const world = this.#world;
    world.schedule(ms, client, what, () => void work().catch((error: unknown) => world.fail(error)));
  }

  // ---- The end ----

  /** Everybody must have been told of the end, and of every event in between who watched. */
  check(): void {
    for (const client of this.#clients) {
      must(client.ended !== null, "told-is-kept", () => `the ${client.name} was never told of the end`);
    }
    for (const { subscriber, executionId } of this.#subscribers) {
      must(subscriber.closed, "subscribers", () => `${subscriber.name} was not told of the end`);
      this.#same(executionId, subscriber);
    }
  }

  #same(executionId: string, { after, events }: { after: number; events: unknown[] }): void {
    const { host, watch } = this.#deps.homes.of(executionId);
    const plan = watch.log?.plan ?? this.#request.plan;
    const all = new History(host.reader(), plan, executionId).events(after, 100_000);
    const [given, expected] = [JSON.stringify(events), JSON.stringify(all)];
    must(given === expected, "subscribers", () => `got ${given}\nthe log has ${expected}`);
  }
}
