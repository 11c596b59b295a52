import type {
  EventPage,
  ExecutionView,
  ForkPoint,
  Outcome,
  Rerun,
  ReviewView,
  StartRequest,
} from "#durable-objects/execution/protocol.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import type { Draft } from "#durable-objects/execution/draft.ts";
import { executionSummary, executionView } from "#durable-objects/execution/view.ts";
import { Bystander, RARELY_MS } from "./bystander.ts";
import type { Isolate } from "./isolate.ts";
import { onlyFailedCalls } from "./network.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { RunList } from "./run-list.ts";
import type { ObjectHost } from "./object-host.ts";
import type { SocketPair } from "./sockets.ts";
import { must } from "./violation.ts";
import type { World } from "./world.ts";

/** Somebody outside: starts the run, looks at it, waits for it, perhaps stops it. Tries again until it is answered. */
export class Client extends Bystander {
  readonly #network: Network;
  readonly #host: ObjectHost;
  /** The Worker that takes its requests. */
  readonly #front: Isolate;
  /** A Worker that may die. */
  readonly #worker: () => Isolate;
  readonly #list: RunList;
  readonly #random: Random;
  /** The newest event that it was told of. */
  #seen = 0;
  #ended: string | null = null;

  constructor(
    name: string,
    world: World,
    at: { network: Network; host: ObjectHost; front: Isolate; worker: () => Isolate; list: RunList; random: Random },
  ) {
    super(name, world);
    this.#network = at.network;
    this.#host = at.host;
    this.#front = at.front;
    this.#worker = at.worker;
    this.#list = at.list;
    this.#random = at.random;
  }

  /** What it was told the run ended with. */
  get ended(): string | null {
    return this.#ended;
  }

  async start(request: StartRequest): Promise<void> {
    const waitMs = this.world.random.chance(0.3) ? this.world.random.between(1, 20_000) : 0;
    if (this.#random.chance(0.4)) {
      await this.#look("start", [request, waitMs]);
      return;
    }
    if (this.#random.chance(0.4)) {
      this.#startWithWork(request);
      // Who is not answered in time asks again; a run that is there already is left as it is.
      await this.pause(this.#random.small(1, 10_000));
      await this.#look("start", [request, waitMs]);
      return;
    }
    const draft = await this.#front.draft(request);
    if (draft.ended && this.#random.chance(0.6)) {
      await this.#startUnasked(draft, waitMs);
    } else {
      await this.#look("adopt", [draft.toBegunRun(false), waitMs]);
    }
  }

  /** The Worker goes on with the run that it begins (rule ST5), and may die at that; a call of its that fails is mended by alarms. */
  #startWithWork(request: StartRequest): void {
    const worker = this.#worker();
    this.world.schedule(0, worker, "takes a request", () => {
      const gaveUp = (error: unknown): void => {
        this.world.note(() => `    ${worker.name} gives up: ${String(error)}`);
        if (worker.up) {
          onlyFailedCalls(error);
        }
      };
      worker
        .beginAndWork(request)
        .catch(gaveUp)
        .catch((error: unknown) => this.world.fail(error));
    });
  }

  /** Nobody but this request knows of the run, so it is what puts an ended one in the list (rule ST4). */
  async #startUnasked(draft: Draft, waitMs: number): Promise<void> {
    const { workspace_id: workspaceId } = draft.header;
    let listed = false;
    try {
      const args = [draft.toBegunRun(true), waitMs];
      const outcome = (await this.#network.call(this, this.#host, "adopt", args)) as Outcome<ExecutionView | null>;
      if (outcome.ok && outcome.value === null) {
        listed = await this.#list.write(executionSummary(draft.header, draft.state), this);
        this.#learn(executionView(draft.header, draft.state));
      }
    } catch (error) {
      // Whether the object has it or not is what the next call tells.
      onlyFailedCalls(error);
    }
    if (!listed) {
      const outcome = (await this.#insist("relist", [workspaceId])) as Outcome<null>;
      await (outcome.ok ? this.#look("view", [workspaceId]) : this.#look("adopt", [draft.toBegunRun(false), waitMs]));
    }
  }

  async waitForEnd(workspaceId: string): Promise<void> {
    while (this.#ended === null) {
      await this.#look("wait", [workspaceId, 30_000]);
      await this.pause(200);
    }
  }

  /** Looks from time to time. */
  async watchForEnd(workspaceId: string): Promise<void> {
    for (
      let pause = this.world.random.between(100, 20_000);
      this.#ended === null;
      pause = Math.min(RARELY_MS, pause * 2)
    ) {
      await this.#look("view", [workspaceId]);
      await this.pause(pause);
    }
  }

  async stop(workspaceId: string): Promise<void> {
    await this.#look("cancel", [workspaceId, "by plan"]);
  }

  /** Pauses the run, and lets it go on later. */
  async holdUp(workspaceId: string, ms: number): Promise<void> {
    await this.#look("pause", [workspaceId]);
    await this.pause(ms);
    await this.#look("unpause", [workspaceId]);
  }

  /** Decides what people are asked for, sometimes twice, sometimes for all that come after too. */
  async decideReviews(workspaceId: string, hosts: () => ObjectHost[]): Promise<void> {
    const { random } = this.world;
    for (let pause = random.between(500, 20_000); this.#ended === null; pause = Math.min(RARELY_MS, pause * 2)) {
      for (const host of hosts()) {
        const asked = (await this.#insist("reviews", [workspaceId], host)) as Outcome<ReviewView[]>;
        for (const { review_id } of asked.ok ? asked.value : []) {
          pause = random.between(500, 5_000);
          const decision = { approved: random.chance(0.7) };
          await this.#insist("review", [workspaceId, review_id, decision, random.chance(0.1)], host);
          if (random.chance(0.2)) {
            await this.#insist("review", [workspaceId, review_id, { approved: false }, false], host);
          }
        }
      }
      await this.pause(pause);
    }
  }

  /** Asks what a new run has from this one; asks again where that may change. Null: there is nothing to begin at. */
  async askForRerun(workspaceId: string, fork: ForkPoint | null): Promise<Rerun | null> {
    for (let pause = this.#random.between(500, 5_000); ; pause = Math.min(RARELY_MS, pause * 2)) {
      const isOver = this.#ended !== null;
      const outcome = (await this.#insist("rerun", [workspaceId, fork])) as Outcome<Rerun>;
      if (outcome.ok) {
        return outcome.value;
      }
      if (isOver) {
        must(fork !== null, "told-is-kept", () => `the run is over, and its retry is refused: ${outcome.code}`);
        return null;
      }
      await this.pause(pause);
    }
  }

  /** Reads the events page by page. */
  async read(workspaceId: string): Promise<ExecutionEvent[]> {
    const items: ExecutionEvent[] = [];
    for (let pause = 200; ; pause = Math.min(RARELY_MS, pause * 2)) {
      const page = (await this.#insist("events", [workspaceId, items.length, 7])) as Outcome<EventPage>;
      if (page.ok) {
        items.push(...page.value.items);
        items.forEach(({ seq }, index) =>
          must(seq === index + 1, "subscribers", () => `event ${seq} at place ${index + 1} of a page`),
        );
        if (page.value.ended && items.length === page.value.last_seq) {
          return items;
        }
      }
      await this.pause(pause);
    }
  }

  async #insist(method: string, args: unknown[], host: ObjectHost = this.#host): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#network.call(this, host, method, args);
      } catch (error) {
        onlyFailedCalls(error);
        await this.pause(Math.min(2_000, 50 * 2 ** tries));
      }
    }
  }

  /** What was known before a call was made must not be taken back by its answer. */
  async #look(method: string, args: readonly unknown[]): Promise<void> {
    const seen = this.#seen;
    const outcome = (await this.#insist(method, [...args])) as Outcome<ExecutionView>;
    if (outcome.ok) {
      const { last_seq } = outcome.value;
      must(last_seq >= seen, "told-is-kept", () => `${this.name} was told of event ${seen} and now of ${last_seq}`);
      this.#learn(outcome.value);
    }
  }

  #learn({ last_seq, status }: ExecutionView): void {
    this.#seen = Math.max(this.#seen, last_seq);
    if (["COMPLETED", "FAILED", "TERMINATED"].includes(status)) {
      must(
        this.#ended === null || this.#ended === status,
        "told-is-kept",
        () => `it was ${this.#ended} and is ${status}`,
      );
      this.#ended = status;
    }
  }
}

/** Somebody who watches the live view, and comes back with what it has when the line breaks. */
export class Subscriber extends Bystander {
  /** As they came. */
  readonly events: ExecutionEvent[] = [];
  readonly after: number;
  readonly #network: Network;
  readonly #host: ObjectHost;
  #pair: SocketPair | null = null;
  #arrived = 0;
  closed = false;

  constructor(name: string, world: World, at: { network: Network; host: ObjectHost; after: number }) {
    super(name, world);
    this.#network = at.network;
    this.#host = at.host;
    this.after = at.after;
  }

  get last(): number {
    return this.events.at(-1)?.seq ?? this.after;
  }

  async connect(workspaceId: string): Promise<void> {
    let answer: unknown;
    try {
      const args = [`https://object/live?after=${this.last}`, workspaceId];
      answer = await this.#network.call(this, this.#host, "fetchLive", args);
    } catch (error) {
      onlyFailedCalls(error);
      answer = null;
    }
    if (answer === null) {
      this.setTimer(300, () => void this.connect(workspaceId));
      return;
    }
    const pair = answer as SocketPair;
    this.#pair = pair;
    pair.attach({
      onMessage: (text) => this.#in(pair, "event", () => this.#take(text)),
      onClose: (code) => this.#in(pair, "close", () => this.#close(code, workspaceId)),
    });
  }

  /** What comes on one socket comes in order, a little later. */
  #in(pair: SocketPair, what: string, work: () => void): void {
    this.#arrived = Math.max(this.#arrived, this.world.now + this.world.random.between(0, 30));
    // Half a millisecond would do: two things of one socket never fall on the same time.
    this.#arrived += 1;
    this.world.schedule(this.#arrived - this.world.now, this, what, () => {
      if (this.#pair === pair) {
        work();
      }
    });
  }

  #take(text: string): void {
    const event = JSON.parse(text) as ExecutionEvent;
    must(event.seq === this.last + 1, "subscribers", () => `${this.name} has ${this.last} and gets ${event.seq}`);
    this.events.push(event);
  }

  #close(code: number, workspaceId: string): void {
    this.#pair = null;
    if (code === 1000) {
      this.closed = true;
    } else {
      this.setTimer(100, () => void this.connect(workspaceId));
    }
  }
}
