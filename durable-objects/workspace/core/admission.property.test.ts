import { expect, it } from "vitest";
import type { FlowSettings } from "#graph/model/flow-settings.ts";
import type { AdmissionTicket, Standing } from "../protocol.ts";
import { MemoryWorkspaceStore } from "../store-memory.ts";
import { Admission } from "./admission.ts";
import type { Command } from "./admission-changes.ts";
import { DEFAULT_LIMITS } from "./admission-limits.ts";
import { groupOf } from "./run-entry.ts";
import { seededRandom } from "./workload.testkit.ts";

const LIMITS = { ...DEFAULT_LIMITS, running: 6, queued: 60, queuedPerAgent: 25 };

/** A call that takes longer has failed. */
const CALL_MS = 30_000;

interface Run {
  ticket: AdmissionTicket;
  /** `unborn`: accepted, its object does not exist yet. */
  state: "unborn" | "held" | "going" | "over";
}

/**
 * A workspace and its runs in a world that loses calls and answers, delays the creation of runs and restarts the workspace at any time. After
 * every step: no limit is exceeded by runs that really go on. In the end, when nothing is lost any more: every accepted run has ended.
 */
class World {
  now = 1_000_000;
  readonly runs = new Map<string, Run>();
  readonly #store = new MemoryWorkspaceStore();
  readonly #random: () => number;
  #admission: Admission;
  /** Calls on their way. None is on its way for as long as a run may take to appear. */
  #commands: (Command & { sentAt: number })[] = [];
  loss = 0.3;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#admission = this.#open();
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }

  begin(ticket: AdmissionTicket): void {
    const answer = this.#do((admission) => admission.begin(ticket, this.now));
    if (answer.kind === "admitted" || answer.kind === "queued") {
      const run: Run = { ticket, state: "unborn" };
      this.runs.set(ticket.execution_id, run);
      if (this.chance(0.8)) {
        this.#born(run, answer);
      }
    }
  }

  /** The run's object tells that it is over; the message may be lost. */
  end(run: Run): void {
    run.state = "over";
    if (!this.chance(this.loss)) {
      this.#do((admission) => admission.release([run.ticket.execution_id], "ended", this.now));
    }
  }

  restart(): void {
    this.#commands = [];
    this.#admission = this.#open();
  }

  /** One call to a run's object: it or its answer may be lost. */
  deliver(): void {
    const index = Math.floor(this.#random() * this.#commands.length);
    const [command] = this.#commands.splice(index, 1);
    if (command === undefined) {
      return;
    }
    const run = this.runs.get(command.execution_id);
    const arrives = !this.chance(this.loss);
    if (arrives && run !== undefined && run.state !== "unborn" && run.state !== "over") {
      if (command.type === "cancel") {
        run.state = "over";
      } else if (run.state === "held") {
        this.#go(run);
      }
    }
    const exists = run !== undefined && run.state !== "unborn";
    const answer =
      !arrives || this.chance(this.loss) ? "failed" : !exists ? "not_found" : run.state === "over" ? "ended" : "going";
    this.#do((admission) => admission.answered(command.execution_id, command.type, answer, this.now));
  }

  /** Time passes until the alarm, at most so long. */
  pass(ms: number): void {
    const alarm = this.#admission.nextAlarm() ?? Number.POSITIVE_INFINITY;
    this.now = Math.max(this.now, Math.min(this.now + ms, alarm));
    this.#do((admission) => admission.tick(this.now));
  }

  /** Runs whose creation was late: what the caller was told is repeated to it (rule WI4). */
  bear(): void {
    for (const run of this.runs.values()) {
      if (run.state === "unborn") {
        const answer = this.#do((admission) => admission.begin(run.ticket, this.now));
        if (answer.kind === "admitted" || answer.kind === "queued") {
          this.#born(run, answer);
        } else {
          run.state = "over";
        }
      }
    }
  }

  /** Held runs ask where they stand (rule WH3). */
  ask(): void {
    for (const run of this.runs.values()) {
      if (
        run.state === "held" &&
        this.#do((admission) => admission.reacquire(run.ticket, this.now)).kind === "admitted"
      ) {
        this.#go(run);
      }
    }
  }

  check(where: string): void {
    const going = [...this.runs.values()].filter(({ state }) => state === "going");
    expect(going.length, where).toBeLessThanOrEqual(LIMITS.running);
    for (const setting of ["concurrency", "singleton"] as const) {
      const counts = new Map<string, number>();
      for (const { ticket } of going) {
        const group = groupOf(ticket, setting);
        const limit = setting === "singleton" ? 1 : (ticket.flow?.concurrency?.limit ?? 0);
        if (group !== null) {
          counts.set(group, (counts.get(group) ?? 0) + 1);
          expect(counts.get(group), `${where}: ${setting} of ${group}`).toBeLessThanOrEqual(limit);
        }
      }
    }
    expect(this.#admission.queued, where).toBeLessThanOrEqual(LIMITS.queued);
  }

  #go(run: Run): void {
    run.state = "going";
  }

  #born(run: Run, standing: Standing): void {
    if (standing.kind === "admitted") {
      this.#go(run);
    } else {
      run.state = "held";
    }
  }

  #open(): Admission {
    const admission = new Admission({ limits: LIMITS, expectedMs: () => 1_000 });
    admission.restore({ runs: this.#store.runs(), starts: this.#store.starts() }, this.now);
    return admission;
  }

  #do<T>(change: (admission: Admission) => T): T {
    const result = change(this.#admission);
    const changes = this.#admission.takeChanges();
    this.#store.commit(changes);
    this.#commands = this.#commands.filter(({ sentAt }) => sentAt > this.now - CALL_MS);
    this.#commands.push(...changes.commands.map((command) => ({ ...command, sentAt: this.now })));
    return result;
  }
}

const FLOWS: (FlowSettings | null)[] = [
  null,
  { concurrency: { limit: 2 } },
  { concurrency: { limit: 1, key: "inputs.x" }, priority: "high" },
  { singleton: { mode: "skip", key: "inputs.x" } },
  { singleton: { mode: "cancel_running" } },
  { throttle: { limit: 3, period_seconds: 20 }, concurrency: { limit: 2 } },
  { debounce: { seconds: 2, max_seconds: 6 }, priority: "low" },
];

function seededTicket(world: World, id: string): AdmissionTicket {
  const flow = world.pick(FLOWS) ?? null;
  const x = world.pick(["1", "2"]) ?? "1";
  const keys = { ...(flow?.concurrency?.key && { concurrency: x }), ...(flow?.singleton?.key && { singleton: x }) };
  return { execution_id: id, workspace_id: "w", graph_id: `agent ${FLOWS.indexOf(flow)}`, flow, keys };
}

function oneRandomStep(world: World, step: number): void {
  const going = [...world.runs.values()].filter(({ state }) => state === "going");
  if (world.chance(0.35)) {
    world.begin(seededTicket(world, `r${step}`));
  } else if (world.chance(0.3)) {
    const run = world.pick(going);
    if (run !== undefined) {
      world.end(run);
    }
  } else if (world.chance(0.5)) {
    world.deliver();
  } else if (world.chance(0.1)) {
    world.restart();
  } else if (world.chance(0.2)) {
    world.bear();
  } else {
    world.pass(world.chance(0.1) ? 30_000 : 300);
  }
}

it("[WA1] [WA4] [WA7] [WA9] [WS1] seeded: no limit is exceeded and every accepted run ends, whatever is lost and restarted", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const world = new World(seed);
    for (let step = 0; step < 250; step += 1) {
      oneRandomStep(world, step);
      world.check(`seed ${seed}, step ${step}`);
    }
    world.loss = 0;
    const open = (): Run[] => [...world.runs.values()].filter(({ state }) => state !== "over");
    for (let step = 0; step < 3_000 && open().length > 0; step += 1) {
      world.bear();
      world.deliver();
      const run = world.pick(open().filter(({ state }) => state === "going"));
      if (run !== undefined) {
        world.end(run);
      }
      world.pass(500);
      if (step % 200 === 199) {
        world.ask();
      }
      world.check(`seed ${seed}, afterwards, step ${step}`);
    }
    expect(
      open().map(({ ticket, state }) => `${ticket.execution_id} ${state}`),
      `seed ${seed}`,
    ).toEqual([]);
  }
});
