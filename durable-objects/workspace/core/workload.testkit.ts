/** Deterministic random numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Arrival {
  id: string;
  agent: string;
  /** ms */
  at: number;
  /** How long the run really takes, ms. */
  durationMs: number;
}

export interface WorkloadShape {
  seed: number;
  agents: number;
  /** Runs over all agents. */
  runs: number;
  places: number;
  /** Share of the places that the workload needs on average. */
  load: number;
  /** Median durations of the agents run from one to the other, evenly on a log scale. Default: 30 ms to a minute. */
  mediansMs?: readonly [number, number];
}

/** Spread of one agent's durations: 95 % lie within a factor of 5 of the median. */
const SIGMA = 0.8;
/** One burst in so many arrivals brings up to so many runs of one agent at once. */
const BURST = { every: 120, upTo: 150 };

/**
 * Arrivals in the shape that traces of hosted functions and agents have: durations log-normal within an agent and over three magnitudes between agents, few
 * agents with most of the runs and those mostly short, Poisson arrivals with bursts (schedules, fan-outs) on top.
 */
export function makeWorkload({ seed, agents, runs, places, load, mediansMs = [30, 60_000] }: WorkloadShape): Arrival[] {
  const random = seededRandom(seed);
  const [low, high] = mediansMs;
  const profiles = Array.from({ length: agents }, (_, index) => {
    const share = agents === 1 ? 0 : index / (agents - 1);
    return { agent: `agent-${index}`, medianMs: low * (high / low) ** share, weight: 1 / (index + 1) ** 1.2 };
  });
  const totalWeight = profiles.reduce((sum, { weight }) => sum + weight, 0);
  const meanMs = profiles.reduce(
    (sum, { weight, medianMs }) => sum + (weight / totalWeight) * medianMs * Math.exp(SIGMA ** 2 / 2),
    0,
  );
  const perArrival = 1 + (BURST.upTo + 1) / 2 / BURST.every;
  const gapMs = (meanMs * perArrival) / (places * load);
  const arrivals: Arrival[] = [];
  let at = 0;
  while (arrivals.length < runs) {
    at += -Math.log(1 - random()) * gapMs;
    let left = random() * totalWeight;
    const profile = profiles.find(({ weight }) => (left -= weight) <= 0) ?? profiles[0];
    const count = random() < 1 / BURST.every ? 1 + Math.floor(random() * BURST.upTo) : 1;
    for (let copy = 0; copy < count && profile !== undefined; copy += 1) {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      const durationMs = Math.max(1, profile.medianMs * Math.exp(SIGMA * normal));
      arrivals.push({ id: `r${arrivals.length}`, agent: profile.agent, at, durationMs });
    }
  }
  return arrivals;
}
