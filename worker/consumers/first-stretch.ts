import type { Cancellation } from "#blocks/cancellation.ts";
import type { Block, BlockContext } from "#blocks/define-block.ts";
import { Draft } from "#durable-objects/execution/draft.ts";
import type { Lease } from "#durable-objects/execution/protocol.ts";
import type { RunHeader } from "#durable-objects/execution/store.ts";
import { toLease, toReport } from "#durable-objects/execution/wire.ts";
import type { JsonObject } from "#graph/json.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import { Attempt } from "./attempt.ts";
import type { AttemptOptions } from "./attempt.ts";
import type { AttemptValues } from "#worker/values/run-values.ts";
import type { ValueOwner } from "#worker/values/value-store.ts";
import type { Clock } from "./clock.ts";
import type { NodeCache } from "./node-cache.ts";
import { StretchGuard } from "./stretch-guard.ts";

/** A first stretch ends after this many nodes, this much time at work, or about this many bytes of outputs; consumers do the rest. */
const LIMITS = { nodes: 5_000, busyMs: 250, bytes: 4_000_000, outputBytes: 8_000_000 };

/** After this long others in the isolate get their turn, ms. */
const TURN_MS = 20;

export interface FirstStretchDeps {
  getBlock: (id: string) => Block | undefined;
  context: (
    lease: Lease,
    run: Pick<RunHeader, "execution_id" | "plan">,
    live: { cancellation: Cancellation; onUsage: (add: NodeUsage) => void },
  ) => BlockContext;
  clock: Clock;
  cache?: NodeCache;
  /** Absent: all values lie in the log. */
  values?: (run: ValueOwner) => AttemptValues;
}

/**
 * Begins a run where its request came in: runs the pure nodes that are ready from the start and those that follow from them, by the rules of the run
 * (draft.ts). A run of pure nodes may be over then. Has no effects: until an object has stored the draft, it did not happen.
 */
export async function runFirstStretch(header: RunHeader, inputs: JsonObject, deps: FirstStretchDeps): Promise<Draft> {
  const draft = new Draft(header, inputs);
  const guard = new StretchGuard(deps.clock);
  try {
    await goOn(draft, guard, deps);
  } finally {
    guard.disarm();
  }
  return draft;
}

async function goOn(draft: Draft, guard: StretchGuard, deps: FirstStretchDeps): Promise<void> {
  const { clock } = deps;
  const options = attemptOptions(draft, deps, guard.cancellation);
  const run = { executionId: draft.header.execution_id, plan: draft.header.plan };
  let bytes = 0;
  let busyMs = 0;
  let turnBegan = clock.now();
  let now = turnBegan;
  for (let nodes = 0; nodes < LIMITS.nodes && bytes < LIMITS.bytes; nodes += 1) {
    const execution = draft.nextPure();
    if (execution === undefined || draft.ended || guard.cancellation.cancelled) {
      return;
    }
    const attempt = new Attempt(toLease(run, execution, execution.attempt + 1), options, now);
    guard.watch(attempt);
    await attempt.runPure();
    if (attempt.abandoned || attempt.unreportedBytes > LIMITS.outputBytes) {
      return;
    }
    bytes += attempt.unreportedBytes;
    const report = attempt.takeReport();
    now = clock.now();
    if (!draft.report(toReport(report), now)) {
      return;
    }
    if (now - turnBegan >= TURN_MS) {
      busyMs += now - turnBegan;
      if (busyMs >= LIMITS.busyMs) {
        return;
      }
      await new Promise<void>((resolve) => clock.after(0, resolve));
      now = clock.now();
      turnBegan = now;
    }
  }
}

function attemptOptions(
  { header }: Draft,
  { cache, values: valuesOf, getBlock, clock, context }: FirstStretchDeps,
  cancellation: Cancellation,
): AttemptOptions {
  const { workspace_id: workspaceId, execution_id: executionId } = header;
  const values = valuesOf?.({ workspaceId, executionId });
  return {
    cancellation,
    ...(cache === undefined ? {} : { cache: (block, lease) => cache.slot(workspaceId, lease, block) }),
    ...(values === undefined ? {} : { values }),
    getBlock,
    clock,
    context: (own, onUsage, lease) => context(lease, header, { cancellation: own, onUsage }),
    onNews: () => undefined,
  };
}
