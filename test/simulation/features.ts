import type { Random } from "./random.ts";
import { namesOf, Tally } from "./tally.ts";

/**
 * What only some worlds have, with its share of them. Each draws from streams of its own, so that a world without any is the very world that it was before
 * they were thought of: `--without callbacks,reruns` takes them out by name.
 */
export const FEATURES = {
  /** Nodes that wait for a call from outside. */
  callbacks: 0.3,
  /** Nodes whose attempts have a limit of time together. */
  total_limits: 0.3,
  /** Nodes that work in the pool `memory`. */
  memory_pool: 0.25,
  /** Messages that are worth several node executions, and consumers that run fewer at a time. */
  message_batches: 0.25,
  /** Runs that are retried or forked. */
  reruns: 0.25,
  /** Nodes that only read outside, so that a run may go on for a while before its object has it. */
  safe_calls: 0.3,
} as const;

export type Feature = keyof typeof FEATURES;

export const FEATURE_NAMES: readonly Feature[] = namesOf(FEATURES);

/** What any world may come to by chance. Some must, or what is said to be tried is not. */
export const MILESTONES = [
  /** A Worker that began a run and had it stored has worked on it until nothing was left for it. */
  "begun_work",
  /** Likewise one whose first work only read, so that the run was stored later. */
  "begun_unstored",
] as const;

export type Milestone = (typeof MILESTONES)[number];

export class Features {
  /** How often each came to something. */
  readonly counts = new Tally<Feature | Milestone>();
  readonly #on: ReadonlySet<Feature>;

  constructor(random: Random, without: ReadonlySet<string>) {
    this.#on = new Set(
      FEATURE_NAMES.filter((name) => random.stream(`feature ${name}`).chance(FEATURES[name]) && !without.has(name)),
    );
  }

  has(name: Feature): boolean {
    return this.#on.has(name);
  }

  get names(): Feature[] {
    return [...this.#on];
  }

  happened(name: Feature | Milestone): void {
    this.counts.add(name);
  }
}
