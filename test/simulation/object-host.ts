import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import { ExecutionObject } from "#durable-objects/execution/execution.ts";
import type { LeaseRequest } from "#durable-objects/execution/protocol.ts";
import type { Run } from "#durable-objects/execution/run.ts";
import { SqliteExecutionStore } from "#durable-objects/execution/store-sqlite.ts";
import { foreignSnapshot } from "./foreign-snapshot.ts";
import { CallFailed } from "./network.ts";
import { ObjectBindings } from "./object-bindings.ts";
import type { Surroundings } from "./object-bindings.ts";
import { invoke, shorten } from "./object-call.ts";
import type { Answer, Call } from "./object-call.ts";
import { ObjectStorage, WriteFailed } from "./object-storage.ts";
import type { ObjectPlatform } from "./platform.ts";
import type { ObjectWatch } from "./object-watch.ts";
import { SocketPair } from "./sockets.ts";
import type { ServerEnd } from "./sockets.ts";
import type { Machine, Timer, World } from "./world.ts";

export interface ObjectHostOptions {
  executionId: string;
  surroundings: Surroundings;
  watch: ObjectWatch;
  leaseMs: number;
  /** After how long without a call the object is let go of; null: never. */
  idleMs: number | null;
  /** Effectful node executions that a consumer runs at a time. */
  slots: number;
}

/** One life of the object in memory. */
interface Incarnation {
  up: boolean;
  object: ExecutionObject;
  run: Run | null;
  /** Calls that are not answered yet. */
  calls: Set<Call>;
  alarmIsRinging: boolean;
  /** Messages for which no consumer has come since the last alarm. */
  hints: Record<BlockPool, number>;
  /** An alarm has rung, and no consumer has come since. */
  probing: boolean;
}

/** How long the runtime waits before it rings an alarm again whose handler did not come to its end. */
export const ALARM_RETRY_MS = 2_000;

/**
 * The home of one ExecutionObject: brings it to life when it is called, keeps what it stores, loses what it remembers. What a step of the object
 * sends leaves only after what it wrote is kept (the runtime's output gate).
 */
export class ObjectHost implements Machine, ObjectPlatform {
  readonly name: string;
  readonly executionId: string;
  readonly up = true;
  readonly stalledUntil = 0;
  readonly mortal = false;
  readonly storage: ObjectStorage;
  readonly #world: World;
  readonly #surroundings: Surroundings;
  readonly #watch: ObjectWatch;
  readonly #leaseMs: number;
  /** How far its clock is ahead of true time, ms. */
  #ahead = 0;
  #life: Incarnation | null = null;
  /** Accepted by whatever life of the object; they survive hibernation. */
  #sockets: ServerEnd[] = [];
  #outbox: (() => void)[] = [];
  #ringing: { at: number; timer: Timer } | null = null;
  readonly #idleMs: number | null;
  readonly #slots: number;
  /** This life began with a snapshot that it must not read. */
  snapshotIsForeign = false;
  #lastStep = 0;
  #idleCheck: Timer | null = null;

  constructor(world: World, name: string, more: ObjectHostOptions) {
    this.#world = world;
    this.name = name;
    this.executionId = more.executionId;
    this.#surroundings = more.surroundings;
    this.#watch = more.watch;
    this.#leaseMs = more.leaseMs;
    this.#idleMs = more.idleMs;
    this.#slots = more.slots;
    this.storage = new ObjectStorage(world.faults);
  }

  // ---- As a machine ----

  now(): number {
    return this.#world.now + this.#ahead;
  }

  setTimer(ms: number, work: () => void): Timer {
    const life = this.#life;
    return this.#world.schedule(ms, this, "timer", () => {
      if (life?.up) {
        work();
      }
    });
  }

  jumpClock(ms: number): void {
    this.#ahead += ms;
    this.#armRinging();
  }

  begin(): void {
    this.storage.begin();
    this.#lastStep = this.#world.now;
  }

  /** The runtime lets go of an object that nobody has called for a while. */
  #hibernateWhenIdle(): void {
    if (this.#idleMs === null || this.#idleCheck !== null || this.#life === null) {
      return;
    }
    const rest = this.#lastStep + this.#idleMs - this.#world.now;
    this.#idleCheck = this.#world.schedule(
      rest > 0 ? rest : this.#idleMs,
      this.#world.nowhere,
      "is the object idle?",
      () => {
        this.#idleCheck = null;
        const busy = this.#life === null || this.#life.calls.size > 0 || this.#life.alarmIsRinging;
        if (!busy && this.#world.now - this.#lastStep >= (this.#idleMs ?? 0)) {
          this.evict(true);
        } else {
          this.#hibernateWhenIdle();
        }
      },
    );
  }

  /** What the step did is kept or lost; what it sent leaves or does not. */
  end(): void {
    const { faults } = this.#world;
    const outbox = this.#outbox;
    this.#outbox = [];
    const { dirty } = this.storage;
    if (dirty && faults.strikes("commit_lost")) {
      this.storage.rollback();
      this.#watch.forgetStep();
      this.die("its last commit is lost");
      this.#armRinging();
      return;
    }
    this.storage.commit();
    this.#watch.committed(this);
    const answersLost = dirty && faults.strikes("answers_lost");
    if (!answersLost) {
      for (const send of outbox) {
        send();
      }
    }
    if (answersLost) {
      this.die("its last answers are lost");
    } else if (dirty && faults.strikes("evicted_at_commit")) {
      this.evict(faults.random("evicted_at_commit").chance(0.5));
    }
    this.#armRinging();
    this.#watch.settled(this);
    this.#hibernateWhenIdle();
  }

  // ---- Life and death ----

  /** The state in memory, if the object is in memory. */
  get run(): Run | null {
    return this.#life?.run ?? null;
  }

  get alarmIsArmed(): boolean {
    return this.storage.alarm !== null || this.#life?.alarmIsRinging === true;
  }

  get leaseMs(): number {
    return this.#leaseMs;
  }

  /** Memory is lost; sockets stay when nobody is being answered. */
  evict(hibernates: boolean): void {
    if (hibernates && this.#life?.calls.size === 0 && !this.#life.alarmIsRinging) {
      this.#world.note(() => `    ${this.name} hibernates`);
      this.#bury("");
    } else {
      this.die("it is evicted");
    }
  }

  die(why: string): void {
    this.#world.note(() => `    ${this.name} dies: ${why}`);
    this.#bury("The object was reset.");
    for (const socket of this.#sockets.splice(0)) {
      this.breakSocket(socket);
    }
  }

  #bury(error: string): void {
    const life = this.#life;
    this.#life = null;
    if (life === null) {
      return;
    }
    life.up = false;
    for (const { reply } of life.calls) {
      reply({ ok: false, error });
    }
    if (life.alarmIsRinging) {
      this.storage.setRetry(this.now() + ALARM_RETRY_MS);
    }
  }

  #alive(): Incarnation {
    if (this.#life === null) {
      const calls = new Set<Call>();
      const hints = { io: 0, cpu: 0, memory: 0 };
      const life: Omit<Incarnation, "object"> = {
        up: true,
        run: null,
        calls,
        alarmIsRinging: false,
        hints,
        probing: false,
      };
      this.#bendSnapshot();
      const bindings = this.#bindings(life);
      this.#life = Object.assign(life, { object: new ExecutionObject(bindings.context(), bindings.environment()) });
    }
    return this.#life;
  }

  /** What kept the last snapshot was another version of the code. */
  #bendSnapshot(): void {
    const { faults } = this.#world;
    if (!faults.rates.has("snapshot_foreign")) {
      return;
    }
    const store = this.reader();
    const text = store.snapshot();
    if (text !== null && faults.strikes("snapshot_foreign")) {
      this.#world.note(() => `    ${this.name} has a snapshot of another version`);
      store.saveSnapshot(foreignSnapshot(text, faults.random("snapshot_foreign")));
      this.snapshotIsForeign = true;
    }
  }

  onRun(run: Run): void {
    if (this.#life !== null) {
      this.#life.run = run;
      // Whoever loads the run knows nothing of messages.
      this.#life.hints = { io: 0, cpu: 0, memory: 0 };
      this.#life.probing = false;
    }
  }

  // ---- What reaches the object ----

  receive(call: Call): void {
    const life = this.#alive();
    life.calls.add(call);
    this.#watch.called(call);
    if (call.method === "lease") {
      const { pool } = call.args[0] as LeaseRequest;
      life.probing = false;
      life.hints[pool] = Math.max(0, life.hints[pool] - 1);
    }
    this.#world.note(() => `    ${call.method}(${shorten(call.args)})`);
    const answer = (given: Answer): void => {
      this.#watch.answered(call, given);
      this.#world.note(() => `    ${call.method} → ${shorten(given)}`);
      this.#outbox.push(() => {
        life.calls.delete(call);
        call.reply(given);
      });
    };
    invoke(life.object, call).then(
      (value) => answer({ ok: true, value: value instanceof SocketPair ? value : structuredClone(value) }),
      (error: unknown) => {
        if (!isFault(error)) {
          this.#world.fail(error);
        }
        answer({ ok: false, error: String(error) });
      },
    );
  }

  /** Rings now, be it early or late; or again, which leaves an alarm alone that was set meanwhile. */
  #ring(again: boolean): void {
    const life = this.#alive();
    if (!again) {
      this.#ringing = null;
    }
    if (!life.alarmIsRinging) {
      if (!again) {
        this.storage.setAlarm(null);
      }
      life.alarmIsRinging = true;
      life.hints = { io: 0, cpu: 0, memory: 0 };
      const handled = life.object.alarm();
      // The handler may have begun by loading the run, and has announced nothing yet.
      life.probing = life.run !== null;
      handled.then(
        // It counts as done when what it wrote is kept.
        () => void this.#outbox.push(() => this.#rang(life)),
        (error: unknown) => {
          this.#world.note(() => `    the alarm's handler fails: ${String(error)}`);
          life.alarmIsRinging = false;
          this.storage.setRetry(this.now() + ALARM_RETRY_MS);
        },
      );
    }
  }

  #rang(life: Incarnation): void {
    life.alarmIsRinging = false;
    this.#watch.ticked(this);
    if (this.#world.faults.strikes("alarm_repeated")) {
      this.#world.schedule(
        this.#world.faults.random("alarm_repeated").small(1, 3_000),
        this,
        "the alarm rings again",
        () => this.#ring(true),
      );
    }
  }

  /** Sees to it that the alarm rings when it is set for. */
  #armRinging(): void {
    const at = this.storage.alarm;
    if (at === null || this.#ringing?.at !== at - this.#ahead) {
      this.#ringing?.timer.cancel();
      this.#ringing = null;
    }
    if (at === null || this.#ringing !== null) {
      return;
    }
    const { faults, random } = this.#world;
    const early = faults.strikes("alarm_early") ? faults.random("alarm_early").between(1, this.#leaseMs) : 0;
    const late = faults.strikes("alarm_late")
      ? faults.random("alarm_late").small(1, 5 * this.#leaseMs)
      : random.between(0, 5);
    // One handler runs at a time: an alarm that falls due meanwhile waits for it.
    const busy = this.#life?.alarmIsRinging === true ? 20 : 0;
    const timer = this.#world.schedule(Math.max(busy, at - this.now() - early) + late, this, "the alarm rings", () =>
      this.#ring(false),
    );
    this.#ringing = { at: at - this.#ahead, timer };
  }

  // ---- Sockets ----

  socketPair(): { 0: WebSocket; 1: WebSocket } {
    const pair = new SocketPair(this);
    return { 0: pair as unknown as WebSocket, 1: pair.server as unknown as WebSocket };
  }

  sendOn(pair: SocketPair, text: string): void {
    this.#outbox.push(() => pair.arrive(({ onMessage }) => onMessage(text)));
  }

  closeOn(pair: SocketPair, code: number): void {
    this.#outbox.push(() => {
      this.#sockets = this.#sockets.filter((socket) => socket !== pair.server);
      pair.arrive(({ onClose }) => onClose(code));
    });
  }

  get sockets(): readonly ServerEnd[] {
    return this.#sockets;
  }

  /** The line is cut: the client notices, the object only when it is told. */
  breakSocket(socket: ServerEnd): void {
    if (!socket.pair.broken) {
      socket.pair.broken = true;
      socket.closed = this.#world.random.chance(0.5);
      socket.pair.arrive(({ onClose }) => onClose(1006));
      this.#world.schedule(this.#world.random.between(0, 200), this, "a socket is closed", () => {
        this.#sockets = this.#sockets.filter((other) => other !== socket);
        socket.closed = true;
        this.#alive().object.webSocketClose(socket as unknown as WebSocket, 1006);
      });
    }
  }

  // ---- What the object has ----

  #bindings(life: Pick<Incarnation, "up" | "hints" | "probing">): ObjectBindings {
    return new ObjectBindings({
      executionId: this.executionId,
      storage: this.storage,
      sockets: { accept: (socket) => void this.#sockets.push(socket), accepted: () => [...this.#sockets] },
      surroundings: this.#surroundings,
      faults: this.#world.faults,
      leaseMs: this.#leaseMs,
      slots: this.#slots,
      isUp: () => life.up,
      announces: (pool, messages) => {
        life.hints[pool] += messages;
        const { probing } = life;
        this.#watch.announced({ pool, unanswered: life.hints[pool], slots: this.#slots, probing });
      },
      whenKept: (send) => void this.#outbox.push(send),
    });
  }

  /** A reader of what is stored, beside the object's own. */
  reader(): SqliteExecutionStore {
    return new SqliteExecutionStore(this.storage);
  }
}

/** What a call of the object may fail with: that what it needed failed, or that a write had failed before. */
function isFault(error: unknown): boolean {
  const isBroken = error instanceof Error && error.message.startsWith("A commit of this run failed");
  return isBroken || error instanceof WriteFailed || error instanceof CallFailed;
}
