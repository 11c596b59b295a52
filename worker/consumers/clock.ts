/** A consumer's time. Everything a consumer knows of time comes through here, so that a simulation can drive it. */
export interface Clock {
  /** ms since the epoch. */
  now(): number;
  /** Does `work` once, after `ms`. The answer calls it off. */
  after(ms: number, work: () => void): () => void;
  /** Does `work` every `ms`. The answer calls it off. */
  every(ms: number, work: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
  every: (ms, work) => {
    const timer = setInterval(work, ms);
    return () => clearInterval(timer);
  },
};
