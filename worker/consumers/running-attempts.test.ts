import { describe, expect, it } from "vitest";
import type { Attempt } from "./attempt.ts";
import { HandClock } from "./hand-clock.testkit.ts";
import { RunningAttempts } from "./running-attempts.ts";

/** What `RunningAttempts` sees of an attempt. */
class Seen {
  readonly lease: { node_execution_id: string; attempt: number };
  ended = false;
  hasNews = false;
  durationMs: number | undefined;

  constructor(id: string) {
    this.lease = { node_execution_id: id, attempt: 1 };
  }

  run(): Promise<void> {
    return new Promise(() => undefined);
  }
}

/** Attempts of a session that waits for news of them. */
class Session {
  readonly clock = new HandClock();
  readonly #running = new RunningAttempts(this.clock);
  readonly attempts: Seen[];
  reported = false;

  constructor(count: number) {
    this.attempts = Array.from({ length: count }, (_, index) => new Seen(`n${index}`));
    for (const attempt of this.attempts) {
      this.#running.start(attempt as unknown as Attempt);
    }
    void this.#running.news().then(() => (this.reported = true));
  }

  yields(index: number): void {
    this.#change(index, { hasNews: true });
  }

  ends(index: number, durationMs: number): void {
    this.#change(index, { hasNews: true, ended: true, durationMs });
  }

  /** Lets so many ms pass, one by one. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1) {
      this.clock.pass(1);
      await settle();
    }
  }

  #change(index: number, change: Partial<Seen>): void {
    Object.assign(this.attempts[index] ?? {}, change);
    this.#running.notify();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) {
    await Promise.resolve();
  }
}

describe("what runs side by side is reported", () => {
  it("at once when all have ended", async () => {
    const session = new Session(2);
    session.ends(0, 50);
    session.ends(1, 50);
    await settle();
    expect(session.reported).toBe(true);
  });

  it("when none has ended for ten milliseconds, the output before an end notwithstanding", async () => {
    const session = new Session(4);
    await settle();
    session.yields(0);
    await settle();
    session.ends(0, 50);
    await session.pass(9);
    session.ends(1, 58);
    await session.pass(9);
    expect(session.reported).toBe(false);
    session.ends(2, 67);
    await session.pass(9);
    expect(session.reported).toBe(false);
    await session.pass(6);
    expect(session.reported).toBe(true);
  });

  it("after an eighth of what the first took, when that is longer, for its answers may be late", async () => {
    const session = new Session(3);
    await settle();
    session.ends(0, 400);
    await session.pass(45);
    session.ends(1, 445);
    await session.pass(45);
    expect(session.reported).toBe(false);
    await session.pass(40);
    expect(session.reported).toBe(true);
  });

  it("after three tenths of a second at the latest, however long they took and however many end", async () => {
    const session = new Session(100);
    await settle();
    session.ends(0, 60_000);
    for (let index = 1; index < 30; index += 1) {
      await session.pass(10);
      expect(session.reported).toBe(false);
      session.ends(index, 60_000);
    }
    await session.pass(60);
    expect(session.reported).toBe(true);
  });

  it("twenty milliseconds after an output that nothing follows", async () => {
    const session = new Session(2);
    await settle();
    session.yields(0);
    await session.pass(19);
    expect(session.reported).toBe(false);
    await session.pass(2);
    expect(session.reported).toBe(true);
  });
});
