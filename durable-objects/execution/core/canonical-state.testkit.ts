import type { ExecutionState } from "./state.ts";

/** All of a state that the log decides, as plain values to compare. */
export function canonicalState(state: ExecutionState): unknown {
  const open = [...state.executions.values()].map((execution) => ({
    ...execution,
    input: [...execution.input],
    leaseUntil: 0,
    consumer: "",
  }));
  return {
    status: state.status,
    outputs: [...state.outputs],
    error: state.error,
    unhandled: state.unhandled,
    lastSeq: state.lastSeq,
    lastAt: state.lastAt,
    stats: state.stats,
    created: state.created,
    active: state.active,
    open,
    waiting: state.nodes.map((node) => [
      [...node.awaitingStatic].map(({ id }) => id),
      node.order.toArray().map(({ id }) => id),
    ]),
    gathering: state.nodes.map(({ gathering }) =>
      gathering === null
        ? null
        : { ...gathering, pool: gathering.pool.toArray(), open: gathering.open.toArray().map(({ id }) => id) },
    ),
    due: [...state.due],
    latest: state.nodes.map((node) => [...node.latest].map(([pin, { ref, value }]) => [pin, ref, value])),
    reuse: state.reuse?.save() ?? null,
    running: [...state.running].map(({ id }) => id).sort(),
  };
}
