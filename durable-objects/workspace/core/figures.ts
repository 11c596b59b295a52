import { LogSketch } from "./log-sketch.ts";
import type { SketchData } from "./log-sketch.ts";

/** What is kept of the runs of an agent or the executions of a block, as it is stored. */
export interface FiguresData {
  /** Observations ever. */
  n: number;
  duration: SketchData;
  /** Time that the run held a place for: without its waits. */
  busy: SketchData;
  tokens: SketchData;
  cost: SketchData;
  size: SketchData;
}

export interface Observation {
  durationMs: number;
  busyMs: number;
  tokens: number;
  /** Null when nobody counted it. */
  costUsd: number | null;
  /** Characters as JSON: of a block's outputs, or of all values of the largest node execution of a run. */
  size: number;
}

/** Running figures of one subject. */
export class Figures {
  readonly duration: LogSketch;
  readonly busy: LogSketch;
  readonly tokens: LogSketch;
  readonly cost: LogSketch;
  readonly size: LogSketch;
  n: number;

  constructor(data?: FiguresData) {
    this.n = data?.n ?? 0;
    this.duration = new LogSketch(data?.duration);
    this.busy = new LogSketch(data?.busy);
    this.tokens = new LogSketch(data?.tokens);
    this.cost = new LogSketch(data?.cost);
    this.size = new LogSketch(data?.size);
  }

  add(seen: Observation): void {
    this.n += 1;
    this.duration.add(seen.durationMs);
    this.busy.add(seen.busyMs);
    this.tokens.add(seen.tokens);
    if (seen.costUsd !== null) {
      this.cost.add(seen.costUsd);
    }
    this.size.add(seen.size);
  }

  merge(other: Figures): this {
    this.n += other.n;
    this.duration.merge(other.duration);
    this.busy.merge(other.busy);
    this.tokens.merge(other.tokens);
    this.cost.merge(other.cost);
    this.size.merge(other.size);
    return this;
  }

  toData(): FiguresData {
    const { n, duration, busy, tokens, cost, size } = this;
    return {
      n,
      duration: duration.toData(),
      busy: busy.toData(),
      tokens: tokens.toData(),
      cost: cost.toData(),
      size: size.toData(),
    };
  }
}
