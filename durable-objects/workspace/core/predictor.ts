import type { BlockHints, GraphOutline, Outlier, Quantiles, RunEstimate, RunReport } from "../protocol.ts";
import { chooseHints, memoryClassOf } from "./choose-hints.ts";
import { estimateFromBlocks } from "./estimate-from-blocks.ts";
import { Figures } from "./figures.ts";
import type { FiguresData, Observation } from "./figures.ts";
import type { LogSketch } from "./log-sketch.ts";
import { RecentSet } from "./recent-set.ts";

const HOUR_MS = 3_600_000;
const HOURS_OF_WEEK = 168;
const HOURS_OF_DAY = 24;
/** The key of figures over all hours. */
export const ALL_HOURS = -1;
/** All agents of the workspace together: what is expected of one that never ran. */
const EVERYBODY = "w";

/** Observations that a narrower basis needs before it is believed. */
const ENOUGH = 30;
/** What a run takes that nothing is known of, ms. */
export const DEFAULT_EXPECTED_MS = 1_000;

/** A run that took more than this many times what 99 % of the runs before it took stands out. */
const OUTLIER_FACTOR = 3;
/** A difference that nobody would notice stands out neither, ms. */
const OUTLIER_LEAST_MS = 1_000;
/** Runs before which nothing stands out: fewer have no 99th percentile. */
const OUTLIER_AFTER = 100;

/** Blocks whose hints are given out, the most used ones. */
const MAX_HINTS = 200;
/** Figures held in memory; the least recently used go. */
const CACHED = 2_000;

/** Where figures are kept. */
export interface FiguresStore {
  readFigures(subject: string, hour: number): FiguresData | undefined;
  /** Figures of all hours of every block. */
  blockFigures(): Iterable<[blockId: string, figures: FiguresData]>;
}

export interface FiguresRow {
  subject: string;
  hour: number;
  data: FiguresData;
}

/** 0 to 167, in UTC; hour 0 follows midnight on a Thursday, when the epoch began. */
export function hourOfWeek(now: number): number {
  return Math.floor(now / HOUR_MS) % HOURS_OF_WEEK;
}

/**
 * What runs and blocks took so far, by hour of the week, and what the next ones should take. Deterministic; figures are read from the store when
 * they are first asked for, and what has changed is taken with `takeDirty` to be written now and then.
 */
export class Predictor {
  readonly #store: FiguresStore;
  readonly #cache = new Map<string, { subject: string; hour: number; figures: Figures }>();
  readonly #dirty = new Set<string>();
  readonly #expected = new Map<string, { hour: number; ms: number }>();
  readonly #seen = new RecentSet<string>(4_000);
  #hints: { hour: number; hints: Record<string, BlockHints> } | null = null;

  constructor(store: FiguresStore) {
    this.#store = store;
  }

  get dirty(): number {
    return this.#dirty.size;
  }

  /** Takes in the reports of runs that ended; each run once, as far as memory goes. Returns those that stand out. */
  observe(reports: readonly RunReport[], now: number): (Outlier & { graph_id: string })[] {
    return reports.flatMap((report) => {
      const { figures, execution_id, graph_id } = report;
      if (!report.ended || figures === null || !this.#seen.add(execution_id)) {
        return [];
      }
      const durationMs = Math.max(0, figures.ended_at - figures.started_at);
      const run = {
        durationMs,
        busyMs: figures.busy_ms,
        tokens: figures.tokens,
        costUsd: figures.cost_usd,
        size: figures.size,
      };
      const p99_ms = this.#outlierBound(graph_id);
      const hour = hourOfWeek(figures.started_at);
      this.#add(`g:${graph_id}`, hour, run);
      this.#add(EVERYBODY, hour, run);
      this.#observeBlocks(report, hour);
      this.#expected.delete(graph_id);
      return p99_ms !== null && durationMs > Math.max(p99_ms * OUTLIER_FACTOR, p99_ms + OUTLIER_LEAST_MS)
        ? [{ graph_id, execution_id, duration_ms: durationMs, p99_ms, at: now }]
        : [];
    });
  }

  /** How long a run of the agent is expected to hold its place, ms. */
  expectedMs(graphId: string, now: number): number {
    const hour = hourOfWeek(now);
    const known = this.#expected.get(graphId);
    if (known?.hour === hour) {
      return known.ms;
    }
    const own = this.#basis(`g:${graphId}`, hour).figures;
    const figures = own.n > 0 ? own : this.#basis(EVERYBODY, hour).figures;
    const ms = figures.n > 0 ? figures.busy.mean() : DEFAULT_EXPECTED_MS;
    if (this.#expected.size >= CACHED) {
      this.#expected.clear();
    }
    this.#expected.set(graphId, { hour, ms });
    return ms;
  }

  estimate(graphId: string, now: number): RunEstimate {
    const { figures, basis } = this.#basis(`g:${graphId}`, hourOfWeek(now));
    return {
      sample_size: figures.n,
      basis: figures.n === 0 ? "none" : basis,
      duration_ms: quantilesOf(figures.duration),
      tokens: quantilesOf(figures.tokens),
      cost_usd: quantilesOf(figures.cost),
      size: quantilesOf(figures.size),
      memory_class: memoryClassOf(figures.size),
    };
  }

  /** For an agent that never ran (see `estimateFromBlocks`). */
  estimateFromBlocks(outline: GraphOutline): RunEstimate | null {
    return estimateFromBlocks(outline, (blockId) => this.#figures(`b:${blockId}`, ALL_HOURS));
  }

  /** How blocks are best run at this hour of the week, for those that should not run as they declare. From what was written. */
  hints(now: number): Record<string, BlockHints> {
    const hour = hourOfWeek(now);
    if (this.#hints?.hour !== hour) {
      this.#hints = { hour, hints: this.#chooseHints(hour) };
    }
    return this.#hints.hints;
  }

  /** Figures that changed since the last time. */
  takeDirty(): FiguresRow[] {
    const rows = [...this.#dirty].flatMap((key) => {
      const known = this.#cache.get(key);
      return known === undefined ? [] : [{ subject: known.subject, hour: known.hour, data: known.figures.toData() }];
    });
    this.#dirty.clear();
    this.#hints = null;
    return rows;
  }

  #observeBlocks(report: RunReport, hour: number): void {
    for (const [blockId, samples] of Object.entries(report.blocks)) {
      for (const [durationMs, size, tokens, costUsd] of samples) {
        this.#add(`b:${blockId}`, hour, { durationMs, busyMs: durationMs, size, tokens, costUsd });
      }
    }
  }

  #outlierBound(graphId: string): number | null {
    const all = this.#figures(`g:${graphId}`, ALL_HOURS);
    return all.n < OUTLIER_AFTER ? null : all.duration.quantile(0.99);
  }

  #add(subject: string, hour: number, seen: Observation): void {
    for (const at of [ALL_HOURS, hour]) {
      this.#figures(subject, at).add(seen);
      this.#dirty.add(`${subject} ${at}`);
    }
  }

  /** The narrowest figures that have enough observations. */
  #basis(subject: string, hour: number): { figures: Figures; basis: RunEstimate["basis"] } {
    const ofWeek = this.#figures(subject, hour);
    if (ofWeek.n >= ENOUGH) {
      return { figures: ofWeek, basis: "hour_of_week" };
    }
    const all = this.#figures(subject, ALL_HOURS);
    if (all.n < ENOUGH) {
      return { figures: all, basis: "all" };
    }
    const ofDay = new Figures();
    for (let at = hour % HOURS_OF_DAY; at < HOURS_OF_WEEK; at += HOURS_OF_DAY) {
      ofDay.merge(this.#figures(subject, at));
    }
    return ofDay.n >= ENOUGH ? { figures: ofDay, basis: "hour_of_day" } : { figures: all, basis: "all" };
  }

  #figures(subject: string, hour: number): Figures {
    const key = `${subject} ${hour}`;
    const known = this.#cache.get(key);
    const figures = known?.figures ?? new Figures(this.#store.readFigures(subject, hour));
    // Moves it to the young end.
    this.#cache.delete(key);
    this.#cache.set(key, { subject, hour, figures });
    if (this.#cache.size > CACHED) {
      for (const old of this.#cache.keys()) {
        if (!this.#dirty.has(old)) {
          this.#cache.delete(old);
          break;
        }
      }
    }
    return figures;
  }

  #chooseHints(hour: number): Record<string, BlockHints> {
    const blocks = [...this.#store.blockFigures()].map(([id, data]): [string, Figures] => [id, new Figures(data)]);
    const chosen = blocks
      .toSorted(([, a], [, b]) => b.n - a.n)
      .slice(0, MAX_HINTS)
      .flatMap(([id, figures]) => {
        const hints = chooseHints(figures, new Figures(this.#store.readFigures(`b:${id}`, hour)));
        return hints === undefined ? [] : [[id, hints] as const];
      });
    return Object.fromEntries(chosen);
  }
}

/** Null when nothing was observed. */
function quantilesOf(sketch: LogSketch): Quantiles | null {
  return sketch.weight === 0
    ? null
    : { p50: sketch.quantile(0.5), p90: sketch.quantile(0.9), p99: sketch.quantile(0.99) };
}
