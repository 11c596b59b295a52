import type { Cancellation } from "#blocks/cancellation.ts";
import type { Block, BlockContext } from "#blocks/define-block.ts";
import { Draft } from "#durable-objects/execution/draft.ts";
import type { Lease } from "#durable-objects/execution/protocol.ts";
import type { RunHeader } from "#durable-objects/execution/store.ts";
import { toLease, toReport } from "#durable-objects/execution/wire.ts";
import type { JsonObject } from "#graph/json.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import { Attempt } from "./attempt.ts";
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
  const values = deps.values?.({ workspaceId: draft.header.workspace_id, executionId: draft.header.execution_id });
  let bytes = 0;
  let busyMs = 0;
  let turnBegan = clock.now();
  for (let nodes = 0; nodes < LIMITS.nodes && bytes < LIMITS.bytes; nodes += 1) {
    const execution = draft.nextPure();
    if (execution === undefined || draft.ended || guard.cancellation.cancelled) {
      return;
    }
    const { execution_id: executionId, plan } = draft.header;
    const attempt = attemptOf(toLease({ executionId, plan }, execution, execution.attempt + 1), draft.header, {
      ...deps,
      values,
      cancellation: guard.cancellation,
    });
    guard.watch(attempt);
    await attempt.runPure();
    if (attempt.abandoned || attempt.unreportedBytes > LIMITS.outputBytes) {
      return;
    }
    bytes += attempt.unreportedBytes;
    const report = attempt.takeReport();
    const now = clock.now();
    if (!draft.report(toReport(report), now)) {
      return;
    }
    if (now - turnBegan >= TURN_MS) {
      busyMs += now - turnBegan;
      if (busyMs >= LIMITS.busyMs) {
        return;
      }
      await new Promise<void>((resolve) => clock.after(0, resolve));
      turnBegan = clock.now();
    }
  }
}

function attemptOf(
  lease: Lease,
  header: RunHeader,
  deps: Omit<FirstStretchDeps, "values"> & { values: AttemptValues | undefined; cancellation: Cancellation },
): Attempt {
  const { cache, values } = deps;
  return new Attempt(lease, {
    cancellation: deps.cancellation,
    ...(lease.cache === null || cache === undefined
      ? {}
      : { cache: (block, opened) => cache.slot(header.workspace_id, opened, block) }),
    ...(values === undefined ? {} : { values }),
    block: deps.getBlock(lease.block_id),
    clock: deps.clock,
    context: (cancellation, onUsage, opened) => deps.context(opened, header, { cancellation, onUsage }),
    onNews: () => undefined,
  });
}
