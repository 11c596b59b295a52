import { FaultPlan } from "./faults.ts";
import type { FaultKind } from "./faults.ts";
import { Features } from "./features.ts";
import type { Feature, Milestone } from "./features.ts";
import { LargeValues } from "./large-values.ts";
import { within } from "./platform.ts";
import { Random } from "./random.ts";
import { Scene } from "./scene.ts";
import { Violation } from "./violation.ts";
import type { Invariant } from "./violation.ts";
import { World } from "./world.ts";

export interface SimulationOptions {
  seed: number;
  /** Keep a line for everything that happens. */
  trace?: boolean;
  /** Kinds of fault, and features, that are left out. */
  without?: readonly string[];
  /** Values are stored by themselves, outside of the log. */
  large?: boolean;
}

export interface SimulationResult {
  seed: number;
  failure: { invariant: Invariant; message: string } | null;
  trace: string[];
  steps: number;
  commits: number;
  events: number;
  /** What the run ended with. */
  status: string;
  faults: Map<FaultKind, number>;
  features: Map<Feature | Milestone, number>;
  /** Of everything that was committed: the same for the same seed. */
  digest: string;
}

/**
 * One run in a world of its own, from one seed. Everything that can be told of it is in the result; it never throws for what it finds. One at a time:
 * the globals are the world's meanwhile.
 */
export async function runSimulation(options: SimulationOptions): Promise<SimulationResult> {
  const random = new Random(options.seed);
  const without = new Set(options.without ?? []);
  const faults = new FaultPlan(random, without);
  const features = new Features(random, without);
  const trace: string[] = [];
  const world = new World(random.stream("world"), { faults, features, trace: options.trace === true ? trace : null });
  world.large = options.large === true ? new LargeValues(world) : null;
  const scene = new Scene(world);
  const onUnhandled = (error: unknown): void => world.fail(error);
  process.on("unhandledRejection", onUnhandled);
  let failure: SimulationResult["failure"] = null;
  try {
    await within(world, () => scene.play());
  } catch (error) {
    const message = String(error instanceof Error ? error.stack : error);
    failure = error instanceof Violation ? error : { invariant: "no-surprise", message };
  } finally {
    process.off("unhandledRejection", onUnhandled);
    scene.close();
  }
  const { logs } = scene;
  return {
    seed: options.seed,
    failure: failure === null ? null : { invariant: failure.invariant, message: failure.message },
    trace,
    steps: world.steps,
    commits: logs.reduce((sum, { commits }) => sum + commits, 0),
    events: logs.reduce((sum, { lastSeq }) => sum + lastSeq, 0),
    status: logs[0]?.ended?.type ?? "none",
    faults: faults.counts,
    features: features.counts,
    digest: `${world.steps} ${world.elapsed} ${JSON.stringify(logs.map(({ events }) => events))}`,
  };
}
