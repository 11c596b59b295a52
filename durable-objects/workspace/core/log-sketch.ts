/** Every bucket is this much wider than the one before: quantiles are off by at most 5 %. */
const GROWTH = 1.1;
const LOG_GROWTH = Math.log(GROWTH);
/** Smaller values count as zero. */
const MIN_VALUE = 1e-9;
const ZERO_BUCKET = -1_000;
/** Above this many observations all of them lose half their weight, so that the last few thousand count most. */
const HALVE_AT = 4_096;
const MIN_WEIGHT = 0.01;

/** As it is stored: bucket numbers and weights. */
export type SketchData = [bucket: number, weight: number][];

/**
 * Running quantiles of positive figures over many magnitudes (the DDSketch idea: buckets that grow by a constant factor). Sketches of different times add
 * up exactly, which neither P² nor a t-digest can; old figures fade.
 */
export class LogSketch {
  readonly #weights: Map<number, number>;
  #total: number;

  constructor(data: SketchData = []) {
    this.#weights = new Map(data);
    this.#total = data.reduce((sum, [, weight]) => sum + weight, 0);
  }

  get weight(): number {
    return this.#total;
  }

  /** Values that are no number are not counted; negative ones count as zero. */
  add(value: number): void {
    if (!Number.isFinite(value)) {
      return;
    }
    const bucket = value <= MIN_VALUE ? ZERO_BUCKET : Math.round(Math.log(value) / LOG_GROWTH);
    this.#weights.set(bucket, (this.#weights.get(bucket) ?? 0) + 1);
    this.#total += 1;
    if (this.#total > HALVE_AT) {
      this.#fade();
    }
  }

  merge(other: LogSketch): this {
    for (const [bucket, weight] of other.#weights) {
      this.#weights.set(bucket, (this.#weights.get(bucket) ?? 0) + weight);
    }
    this.#total += other.#total;
    return this;
  }

  /** The value that a share `q` of the observations does not exceed; 0 of an empty sketch. */
  quantile(q: number): number {
    let left = q * this.#total;
    let last = ZERO_BUCKET;
    for (const [bucket, weight] of this.#sorted()) {
      last = bucket;
      left -= weight;
      if (left <= 1e-9) {
        break;
      }
    }
    return valueOf(last);
  }

  mean(): number {
    let sum = 0;
    for (const [bucket, weight] of this.#weights) {
      sum += valueOf(bucket) * weight;
    }
    return this.#total === 0 ? 0 : sum / this.#total;
  }

  toData(): SketchData {
    return this.#sorted().map(([bucket, weight]) => [bucket, Math.round(weight * 100) / 100]);
  }

  #sorted(): SketchData {
    return [...this.#weights].sort(([a], [b]) => a - b);
  }

  #fade(): void {
    this.#total = 0;
    for (const [bucket, weight] of this.#weights) {
      const half = weight / 2;
      if (half < MIN_WEIGHT) {
        this.#weights.delete(bucket);
      } else {
        this.#weights.set(bucket, half);
        this.#total += half;
      }
    }
  }
}

function valueOf(bucket: number): number {
  return bucket === ZERO_BUCKET ? 0 : GROWTH ** bucket;
}
