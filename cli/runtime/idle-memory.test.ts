import { describe, expect, it } from "vitest";
import { IdleMemory } from "./idle-memory.ts";
import type { ProcessUsage } from "./process-usage.ts";

const SECOND = 1_000;
const PID = 7;

/** Looks every ten seconds at what `usage` says of a process, and answers the second at which it is to be replaced. */
function replacedAt(usage: (second: number) => Partial<ProcessUsage>, seconds = 600): number | null {
  const memory = new IdleMemory({ idleMs: 60 * SECOND, growthMiB: 100 });
  for (let second = 0; second <= seconds; second += 10) {
    const now = { cpuMs: 0, rssMiB: second === 0 ? 150 : 300, connections: 0, ...usage(second) };
    if (memory.look(PID, now, second * SECOND)) return second;
  }
  return null;
}

describe("an idle runtime process", () => {
  it("is replaced when it has grown and nothing has happened for the time set", () => {
    expect(replacedAt(() => ({}))).toBe(60);
  });

  it("stays when it has not grown much", () => {
    expect(replacedAt((second) => ({ rssMiB: second === 0 ? 150 : 249 }))).toBeNull();
  });

  it("stays while somebody is connected, and its time begins when they leave", () => {
    expect(replacedAt((second) => ({ connections: second <= 100 ? 1 : 0 }))).toBe(170);
    expect(replacedAt((second) => ({ connections: second % 60 === 0 ? 1 : 0 }))).toBeNull();
  });

  it("stays while it works, and its time begins when it is done", () => {
    expect(replacedAt((second) => ({ cpuMs: Math.min(second, 200) * 100 }))).toBe(260);
    expect(replacedAt((second) => ({ cpuMs: second * 10 }))).toBeNull();
  });

  it("is idle in spite of some milliseconds of work every minute", () => {
    expect(replacedAt((second) => ({ cpuMs: Math.floor(second / 60) * 40 }))).toBe(60);
  });

  it("stays when it has just begun to work again", () => {
    expect(replacedAt((second) => ({ cpuMs: second < 60 ? 0 : 200 }))).toBe(120);
  });

  it("does not hold what another process was: each is compared with its own beginning", () => {
    const memory = new IdleMemory({ idleMs: 60 * SECOND, growthMiB: 100 });
    const usage = (rssMiB: number): ProcessUsage => ({ cpuMs: 0, rssMiB, connections: 0 });
    memory.look(1, usage(150), 0);
    expect(memory.look(1, usage(300), 60 * SECOND)).toBe(true);
    for (const second of [61, 90, 130, 200])
      expect(memory.look(2, usage(300), second * SECOND), `${second}`).toBe(false);
    expect(memory.look(2, usage(400), 210 * SECOND)).toBe(true);
  });
});
