import type { Env } from "#worker/env.ts";
import { RunValues } from "./run-values.ts";
import { ValueStore } from "./value-store.ts";
import type { ValueOwner } from "./value-store.ts";

export function valueStore(env: Pick<Env, "FILES">): ValueStore {
  return new ValueStore(env.FILES);
}

/** The large values of a run in this deployment. */
export function runValues(env: Pick<Env, "FILES">, run: ValueOwner): RunValues {
  return new RunValues(valueStore(env), run);
}
