import { describe, expect, it } from "vitest";
import type { BlockSample, RunReport } from "../protocol.ts";
import { MemoryWorkspaceStore } from "../store-memory.ts";
import { chooseHints } from "./choose-hints.ts";
import { Figures } from "./figures.ts";
import { DEFAULT_EXPECTED_MS, hourOfWeek, Predictor } from "./predictor.ts";
import { report } from "./ticket.testkit.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

let made = 0;
function ended(at: number, durationMs: number, more: Partial<RunReport> = {}): RunReport {
  const figures = {
    started_at: at,
    ended_at: at + durationMs,
    busy_ms: durationMs,
    tokens: 10,
    cost_usd: null,
    size: 0,
  };
  return report(`run-${(made += 1)}`, { ended: true, figures, ...more });
}

const times = (count: number, make: () => RunReport): RunReport[] => Array.from({ length: count }, make);
const near = (value: number | undefined, wanted: number): void => {
  expect(Math.abs((value ?? 0) / wanted - 1)).toBeLessThan(0.05);
};

describe("an estimate", () => {
  it("[WP2] is taken from the narrowest hours that have 30 runs", () => {
    const predictor = new Predictor(new MemoryWorkspaceStore());
    const monday = 10 * WEEK + 4 * DAY + 9 * HOUR;
    expect(predictor.estimate("g", monday)).toEqual({
      sample_size: 0,
      basis: "none",
      duration_ms: null,
      tokens: null,
      cost_usd: null,
      size: null,
      memory_class: null,
    });
    predictor.observe(
      times(29, () => ended(monday, 100)),
      0,
    );
    expect(predictor.estimate("g", monday)).toMatchObject({ basis: "all", sample_size: 29 });
    predictor.observe(
      times(31, () => ended(monday + DAY, 900)),
      0,
    );
    predictor.observe(
      times(200, () => ended(monday + 5 * HOUR, 20_000)),
      0,
    );
    const here = predictor.estimate("g", monday);
    expect(here).toMatchObject({ basis: "hour_of_day", sample_size: 60 });
    near(here.duration_ms?.p90, 900);
    predictor.observe([ended(monday + 20 * WEEK, 100)], 0);
    const now = predictor.estimate("g", monday + WEEK);
    expect(now).toMatchObject({ basis: "hour_of_week", sample_size: 30 });
    near(now.duration_ms?.p50, 100);
    expect(now.tokens?.p50).toBeGreaterThan(9.5);
    expect(now.cost_usd).toBeNull();
    expect(predictor.estimate("g", monday + 11 * HOUR)).toMatchObject({ basis: "all", sample_size: 261 });
  });

  it("[WP7] says what memory an agent needs: large if one run in ten is", () => {
    const predictor = new Predictor(new MemoryWorkspaceStore());
    const runs = (count: number, size: number): void => {
      const all = times(count, () => ended(0, 5));
      predictor.observe(
        all.map((run) => ({ ...run, figures: run.figures === null ? null : { ...run.figures, size } })),
        0,
      );
    };
    runs(19, 1_000);
    expect(predictor.estimate("g", 0).memory_class).toBe("small");
    runs(1, 5_000_000);
    expect(predictor.estimate("g", 0).memory_class).toBe("small");
    runs(2, 5_000_000);
    const { memory_class, size } = predictor.estimate("g", 0);
    expect(memory_class).toBe("large");
    near(size?.p50, 1_000);
    near(size?.p90, 5_000_000);
  });

  it("knows 168 hours", () => {
    expect([hourOfWeek(0), hourOfWeek(HOUR), hourOfWeek(WEEK - 1), hourOfWeek(WEEK)]).toEqual([0, 1, 167, 0]);
  });

  it("[WP3] learns from a run once, and nothing from one that was stopped or goes on", () => {
    const predictor = new Predictor(new MemoryWorkspaceStore());
    const run = ended(0, 100);
    predictor.observe([run, run, report("stopped", { ended: true }), { ...ended(0, 5), ended: false }], 0);
    predictor.observe([run], 0);
    expect(predictor.estimate("g", 0).sample_size).toBe(1);
  });

  it("[WS1] is the same after a restart", () => {
    const store = new MemoryWorkspaceStore();
    const before = new Predictor(store);
    before.observe(
      times(100, () => ended(0, made)),
      0,
    );
    store.writeFigures(before.takeDirty());
    expect(before.takeDirty()).toEqual([]);
    const after = new Predictor(store);
    expect(after.estimate("g", 0)).toEqual(before.estimate("g", 0));
    expect(after.expectedMs("g", 0)).toBe(before.expectedMs("g", 0));
  });
});

describe("what a run is expected to take", () => {
  it("is what the agent's runs took, else what all runs took, else a second", () => {
    const predictor = new Predictor(new MemoryWorkspaceStore());
    expect(predictor.expectedMs("g", 0)).toBe(DEFAULT_EXPECTED_MS);
    predictor.observe(
      times(3, () => ended(0, 50, { graph_id: "other" })),
      0,
    );
    near(predictor.expectedMs("g", HOUR), 50);
    predictor.observe([ended(0, 4_000)], 0);
    near(predictor.expectedMs("g", HOUR), 4_000);
  });
});

describe("outliers", () => {
  it("[WP4] are runs that took three times what 99 % of the 100 before them took", () => {
    const predictor = new Predictor(new MemoryWorkspaceStore());
    expect(
      predictor.observe(
        times(99, () => ended(0, 1_000)),
        0,
      ),
    ).toEqual([]);
    expect(predictor.observe([ended(0, 100_000)], 0)).toEqual([]);
    expect(
      predictor.observe(
        times(100, () => ended(0, 1_000)),
        0,
      ),
    ).toEqual([]);
    expect(predictor.observe([ended(0, 2_500)], 0)).toEqual([]);
    const [outlier] = predictor.observe([ended(0, 4_000)], 7);
    expect(outlier).toMatchObject({ graph_id: "g", duration_ms: 4_000, at: 7 });
    near(outlier?.p99_ms, 1_000);
  });

  it("[WP4] are not runs that took milliseconds longer", () => {
    const predictor = new Predictor(new MemoryWorkspaceStore());
    predictor.observe(
      times(100, () => ended(0, 2)),
      0,
    );
    expect(predictor.observe([ended(0, 900)], 0)).toEqual([]);
    expect(predictor.observe([ended(0, 1_200)], 0)).toHaveLength(1);
  });
});

describe("hints", () => {
  const figures = (count: number, durationMs: number, size = 10): Figures => {
    const all = new Figures();
    for (let index = 0; index < count; index += 1) {
      all.add({ durationMs, busyMs: durationMs, tokens: 0, costUsd: null, size });
    }
    return all;
  };

  it("[WP5] come after 50 executions", () => {
    expect(chooseHints(figures(49, 1))).toBeUndefined();
    expect(chooseHints(figures(50, 1))).toEqual({ lease_ms: 10_000, per_message: 50 });
  });

  it("[WP5] choose pool, lease and message size from what executions took", () => {
    expect(chooseHints(figures(60, 400))).toEqual({ pool: "cpu", lease_ms: 10_000 });
    expect(chooseHints(figures(60, 5_000, 9_000_000))?.pool).toBe("memory");
    const slow = chooseHints(figures(60, 5_000))?.lease_ms ?? 0;
    expect(slow).toBeGreaterThan(14_000);
    expect(slow).toBeLessThan(16_000);
    expect(chooseHints(figures(60, 60_000))).toEqual({ pool: "cpu" });
    expect(chooseHints(figures(60, 30))).toEqual({ lease_ms: 10_000 });
  });

  it("are given out for blocks whose samples were written", () => {
    const store = new MemoryWorkspaceStore();
    const predictor = new Predictor(store);
    const blocks = { slow: Array.from({ length: 60 }, (): BlockSample => [2_000, 5, 0, null]) };
    predictor.observe([ended(0, 1, { blocks })], 0);
    expect(predictor.hints(0)).toEqual({});
    store.writeFigures(predictor.takeDirty());
    expect(predictor.hints(0)).toEqual({ slow: { pool: "cpu", lease_ms: 10_000 } });
  });

  it("[WP5] are those of this hour of the week once it has 50 executions, but no hour shortens a lease", () => {
    const store = new MemoryWorkspaceStore();
    const predictor = new Predictor(store);
    const ran = (at: number, count: number, durationMs: number): void => {
      const blocks = { b: Array.from({ length: count }, (): BlockSample => [durationMs, 5, 0, null]) };
      predictor.observe([ended(at, 1, { blocks })], 0);
    };
    ran(0, 300, 5_000);
    ran(HOUR, 49, 1);
    store.writeFigures(predictor.takeDirty());
    const usual = predictor.hints(HOUR);
    expect(usual).toMatchObject({ b: { pool: "cpu" } });
    expect(usual.b?.lease_ms).toBeGreaterThan(14_000);
    ran(HOUR, 1, 1);
    store.writeFigures(predictor.takeDirty());
    const here = predictor.hints(HOUR);
    expect(here).toEqual({ b: { lease_ms: usual.b?.lease_ms, per_message: 50 } });
    expect(predictor.hints(2 * HOUR)).toEqual(usual);
    ran(2 * HOUR, 50, 9_000);
    store.writeFigures(predictor.takeDirty());
    expect(predictor.hints(2 * HOUR).b?.lease_ms).toBeGreaterThan(25_000);
    expect(predictor.hints(WEEK)).toEqual(predictor.hints(0));
  });
});
