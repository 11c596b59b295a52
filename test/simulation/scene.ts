import { v5 as uuidv5 } from "uuid";
import type { StartRequest } from "#durable-objects/execution/protocol.ts";
import { AttemptWatch } from "./attempt-watch.ts";
import { Chaos } from "./chaos.ts";
import { addFeatures } from "./featured-agent.ts";
import { Homes } from "./homes.ts";
import { Isolate } from "./isolate.ts";
import type { LogModel } from "./log-model.ts";
import { Network } from "./network.ts";
import type { ObjectHost } from "./object-host.ts";
import { Outsider } from "./outsider.ts";
import { MOST_RERUNS, People } from "./people.ts";
import { randomAgent } from "./random-agent.ts";
import { RunList } from "./run-list.ts";
import { must } from "./violation.ts";
import { WorkQueue } from "./work-queue.ts";
import type { World } from "./world.ts";

/** After the last fault a run has this long, and a world this many steps, to come to its end. */
const PATIENCE_MS = 8 * 3_600_000;
const MAX_STEPS = 60_000;

/** The runtime lets go of an object that nobody has called for 10 s. */
const IDLE_MS = 10_000;

const WORKSPACE = "w";
const EXECUTION = uuidv5("simulated run", uuidv5.URL);

/** Everybody who takes part: the run and those that it starts, their objects, the queue and its consumers, people. */
export class Scene {
  readonly #world: World;
  readonly #homes: Homes;
  readonly #attempts: AttemptWatch;
  readonly #network: Network;
  readonly #queue: WorkQueue;
  readonly #list: RunList;
  readonly #people: People;
  readonly #outsider: Outsider;
  readonly #leaseMs: number;

  constructor(world: World) {
    this.#world = world;
    const random = world.random.stream("scene");
    const leaseMs = random.pick([400, 1_000, 3_000, 30_000]);
    const idleMs = random.pick([null, IDLE_MS]);
    const drawsSlots = world.features.has("message_batches") || world.features.has("memory_pool");
    const slots = drawsSlots ? world.random.stream("slots").pick([1, 2, 5]) : 5;
    this.#leaseMs = leaseMs;
    const network = new Network(world);
    const list = new RunList(world);
    const objectOf = (id: string): ObjectHost => this.#homes.of(id).host;
    const logOf = (id: string): LogModel | null => this.#homes.of(id).watch.log;
    const attempts = new AttemptWatch(world, { log: logOf, host: objectOf });
    const parts = { network, objectOf, watch: attempts, list, slots };
    const queue = new WorkQueue(world, parts);
    const front = new Isolate("front", { ...parts, world, version: "current", ahead: 0 });
    const starts = world.random.stream("starts");
    const homes = new Homes(world, { network, queue, list, front, attempts, starts, leaseMs, idleMs, slots });
    const { plan, inputs } = randomAgent(random.stream("agent"), { paceMs: Math.min(leaseMs, 4_000), depth: 0 });
    addFeatures(plan, world.features, world.random.stream("features"));
    const request: StartRequest = {
      execution_id: EXECUTION,
      workspace_id: WORKSPACE,
      plan,
      inputs,
      source: "simulation",
    };
    const people = new People(world, request, { network, homes, queue, list, front, starts });
    const outsider = new Outsider(world, {
      network,
      hostOf: objectOf,
      logOf,
      logs: () => homes.logs(),
      isOver: () => people.areDone,
    });
    attempts.onAddress = (executionId, ne) => outsider.given({ executionId, ne });
    this.#network = network;
    this.#list = list;
    this.#attempts = attempts;
    this.#queue = queue;
    this.#homes = homes;
    this.#people = people;
    this.#outsider = outsider;
    const rates = [...world.faults.rates].map(([kind, rate]) => `${kind} ${rate.toFixed(3)}`).join(", ");
    world.note(() => `lease ${leaseMs} ms, calm after ${world.faults.calmAfter} ms, ${rates || "no faults"}`);
    world.note(() => `features: ${world.features.names.join(", ") || "none"}, ${slots} at a time`);
    world.note(() => `plan ${JSON.stringify(plan)}, inputs ${JSON.stringify(inputs)}`);
  }

  get logs(): LogModel[] {
    return [...this.#homes.logs()].map(([, log]) => log);
  }

  close(): void {
    this.#homes.close();
  }

  async play(): Promise<void> {
    const world = this.#world;
    this.#people.begin();
    const chaos = new Chaos(world, {
      hosts: () => this.#homes.hosts,
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
    must(this.#homes.of(EXECUTION).watch.log !== null, "every-run-ends", () => `${when()} the run was not started`);
    for (const [id, { watch }] of this.#homes.all) {
      must(watch.log?.ended !== null, "every-run-ends", () => `${when()} the run ${id} goes on`);
    }
    must(asleep, "world-falls-asleep", () => `${when()} all runs are over and something still happens`);
    this.#checkEnd();
  }

  /** Nothing more happens: everybody must know everything, and nothing may be left over. */
  #checkEnd(): void {
    for (const [id, { host, watch }] of this.#homes.all) {
      must(host.storage.alarm === null, "world-falls-asleep", () => `an alarm of ${host.name} is still set`);
      if (watch.log !== null) {
        this.#checkRun(id, watch.log);
      }
    }
    const sessions = this.#queue.living.flatMap(({ name, sessions: open }) => [...open].map(() => name));
    const left = (): string => `consumers still wait for something: ${sessions.join(", ")}`;
    must(sessions.length === 0, "world-falls-asleep", left);
    this.#outsider.check();
    this.#people.check();
  }

  #checkRun(id: string, log: LogModel): void {
    const row = this.#list.rows.get(id);
    const rowText = (): string => `the list has ${JSON.stringify(row)}, the log ${log.lastSeq} events`;
    must(row?.seq === log.lastSeq, "list-knows", rowText);
    const [given, expected] = [log.outputs, log.reference.outputs].map((outputs) => JSON.stringify(sorted(outputs)));
    must(
      log.isCutShort || given === expected,
      "reference",
      () => `the run's outputs are ${given}, and should be ${expected}`,
    );
  }
}

function sorted(outputs: Record<string, unknown>): [string, unknown][] {
  return Object.entries(outputs).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
