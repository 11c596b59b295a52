import type { ExecutionState, NodeExecution } from "#durable-objects/execution/core/state.ts";

/** Everything in a run's state that the log determines, as text: two states are the same when their texts are. */
export function canonicalState(state: ExecutionState): string {
  const {
    plan: _plan,
    ready: _ready,
    delayed: _delayed,
    fresh: _fresh,
    released: _released,
    below: _below,
    promotedAt: _promotedAt,
    ...rest
  } = state;
  return JSON.stringify({
    ...rest,
    reuse: state.reuse?.save() ?? null,
    outputs: [...state.outputs],
    executions: [...state.executions.values()].map(canonicalExecution),
    nodes: state.nodes.map(({ awaitingStatic, order, latest, gathering }) => [
      [...awaitingStatic].map(({ id }) => id),
      order.toArray().map(({ id }) => id),
      [...latest].map(([pin, { ref, value }]) => [pin, ref, value]),
      gathering === null
        ? null
        : { ...gathering, pool: gathering.pool.toArray(), open: gathering.open.toArray().map(({ id }) => id) },
    ]),
    due: [...state.due],
    running: ids(state.running),
    timed: ids(state.timed),
    waiting: ids(state.waiting ?? []),
    autoApproved: [...(state.autoApproved ?? [])],
  });
}

/** Leases are in memory only. By name: a state that was made from a snapshot has its parts in another order. */
function canonicalExecution(execution: NodeExecution): unknown {
  const parts = { ...execution, input: [...execution.input], leaseUntil: 0, consumer: "" };
  return Object.entries(parts).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function ids(executions: Iterable<NodeExecution>): string[] {
  return [...executions].map(({ id }) => id).toSorted();
}
