import type { Clock } from "./clock.ts";

interface Timer {
  at: number;
  work: () => void;
}

/** Timers that pass when they are told to, and a clock that can be set. */
export class HandClock implements Clock {
  time = 0;
  ahead = 1_000_000;
  readonly timers = new Set<Timer>();
  made = 0;

  now(): number {
    return this.time + this.ahead;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.time + ms, work };
    this.timers.add(timer);
    this.made += 1;
    return () => this.timers.delete(timer);
  }

  every(): () => void {
    throw new Error("nobody asked for that");
  }

  pass(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) {
        this.time = until;
        return;
      }
      this.timers.delete(due);
      this.time = Math.max(this.time, due.at);
      due.work();
    }
  }
}
