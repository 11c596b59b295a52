import { groupOf, holdsPlace } from "./run-entry.ts";
import type { LiveEntry } from "./run-entry.ts";

/** Queued runs of one agent, oldest first; those that go on after a wait before those that start. */
export interface AgentQueue {
  resumed: Set<LiveEntry>;
  fresh: Set<LiveEntry>;
}

/** The runs that a workspace counts, and every count that a rule asks for. Kept in step by `set` and `delete` alone. */
export class RunTable {
  readonly #entries = new Map<string, LiveEntry>();
  readonly #queues = new Map<string, AgentQueue>();
  readonly #places = new Map<string, number>();
  readonly #singletons = new Map<string, Set<LiveEntry>>();
  readonly #debounced = new Map<string, LiveEntry>();
  #running = 0;
  #queued = 0;

  /** Runs that hold a place. */
  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#queued;
  }

  get(id: string): LiveEntry | undefined {
    return this.#entries.get(id);
  }

  entries(): Iterable<LiveEntry> {
    return this.#entries.values();
  }

  queues(): Iterable<[agent: string, queue: AgentQueue]> {
    return this.#queues;
  }

  queuedOf(agent: string): number {
    const queue = this.#queues.get(agent);
    return queue === undefined ? 0 : queue.resumed.size + queue.fresh.size;
  }

  /** Runs of the entry's concurrency group that hold a place. */
  placesOf(entry: LiveEntry): number {
    return this.#places.get(groupOf(entry.ticket, "concurrency") ?? "") ?? 0;
  }

  /** Runs of a singleton group that are queued, running or waiting, or still being cancelled while they hold a place. */
  singletonsOf(group: string): readonly LiveEntry[] {
    return [...(this.#singletons.get(group) ?? [])];
  }

  /** The start of a debounce group that waits for its time. */
  debouncedOf(group: string): LiveEntry | undefined {
    return this.#debounced.get(group);
  }

  /** Adds an entry, or changes one. */
  set(entry: LiveEntry, change: Partial<LiveEntry> = {}): void {
    this.#unlink(entry);
    Object.assign(entry, change);
    this.#entries.set(entry.ticket.execution_id, entry);
    this.#link(entry);
  }

  delete(entry: LiveEntry): void {
    this.#unlink(entry);
    this.#entries.delete(entry.ticket.execution_id);
  }

  #link(entry: LiveEntry): void {
    const { ticket } = entry;
    if (entry.state === "queued") {
      this.#enqueue(entry);
    }
    if (holdsPlace(entry)) {
      this.#count(entry, 1);
    }
    const singleton = groupOf(ticket, "singleton");
    if (singleton !== null && (entry.state !== "cancelling" || holdsPlace(entry))) {
      const group = this.#singletons.get(singleton) ?? new Set();
      this.#singletons.set(singleton, group.add(entry));
    }
    const debounce = groupOf(ticket, "debounce");
    if (debounce !== null && entry.state === "queued" && !entry.resumed) {
      this.#debounced.set(debounce, entry);
    }
  }

  #unlink(entry: LiveEntry): void {
    const { ticket } = entry;
    if (this.#entries.get(ticket.execution_id) !== entry) {
      return;
    }
    if (entry.state === "queued") {
      this.#dequeue(entry);
    }
    if (holdsPlace(entry)) {
      this.#count(entry, -1);
    }
    const singleton = groupOf(ticket, "singleton") ?? "";
    const group = this.#singletons.get(singleton);
    if (group?.delete(entry) === true && group.size === 0) {
      this.#singletons.delete(singleton);
    }
    const debounce = groupOf(ticket, "debounce") ?? "";
    if (this.#debounced.get(debounce) === entry) {
      this.#debounced.delete(debounce);
    }
  }

  #enqueue(entry: LiveEntry): void {
    const agent = entry.ticket.graph_id;
    const queue = this.#queues.get(agent) ?? { resumed: new Set(), fresh: new Set() };
    this.#queues.set(agent, queue);
    queue[entry.resumed ? "resumed" : "fresh"].add(entry);
    this.#queued += 1;
  }

  #dequeue(entry: LiveEntry): void {
    const agent = entry.ticket.graph_id;
    const queue = this.#queues.get(agent);
    queue?.resumed.delete(entry);
    queue?.fresh.delete(entry);
    this.#queued -= 1;
    if (this.queuedOf(agent) === 0) {
      this.#queues.delete(agent);
    }
  }

  #count(entry: LiveEntry, by: number): void {
    this.#running += by;
    const group = groupOf(entry.ticket, "concurrency");
    if (group !== null) {
      const places = (this.#places.get(group) ?? 0) + by;
      if (places === 0) {
        this.#places.delete(group);
      } else {
        this.#places.set(group, places);
      }
    }
  }
}
