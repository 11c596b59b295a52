import { Fifo } from "./fifo.ts";
import { ReuseBook } from "./reuse.ts";
import type { ExecutionState, NodeExecution, NodeState } from "./state.ts";

/**
 * Everything in a run's state but what is named here, as plain values: two states that the same log has made are equal. What the state comes to have is in it by
 * itself; a kind of object that is not known here is an error, so that nothing is left out unsaid.
 */
export function canonicalState(state: ExecutionState): unknown {
  // A function of the plan, which is the same for both; and when work became ready by itself, which a state that was loaded finds at its next tick.
  const {
    plan: _plan,
    below: _below,
    promotedAt: _promotedAt,
    ready,
    delayed,
    timed,
    executions,
    nodes,
    ...rest
  } = state;
  const plain = plainValues(new Set(executions.values()));
  return plain({
    ...rest,
    // By creation after a reload, by when they began before.
    timed: ids(timed).toSorted(),
    ready: Object.entries(ready).map(([pool, queues]) => [
      pool,
      Object.entries(queues).map(([kind, queue]) => [kind, toBeLeased(queue.toArray(), delayed)]),
    ]),
    retried: ids([...executions.values()].filter(isRetried)),
    executions: [...executions.values()].map(withoutLease),
    nodes: nodes.map(withoutStale),
  });
}

/** Who holds an attempt, and until when, is not logged. */
function withoutLease({ leaseUntil: _until, consumer: _consumer, ...rest }: NodeExecution): object {
  return rest;
}

/** Queues of those that lack a pin are cleared up when somebody looks at them. */
function withoutStale({ lacking, ...rest }: NodeState): object {
  const open = [...lacking].map(([pin, queue]): [string, NodeExecution[]] => [
    pin,
    queue.toArray().filter(({ status, input }) => status === "INCOMPLETE" && !input.has(pin)),
  ]);
  return { ...rest, lacking: open.filter(([, queue]) => queue.length > 0).toSorted(([a], [b]) => (a < b ? -1 : 1)) };
}

/** In the order of their turns, without those that wait for a time or did: when that came nobody logs. */
function toBeLeased(queue: readonly NodeExecution[], delayed: ReadonlySet<NodeExecution>): string[] {
  const open = queue.filter((execution) => execution.status === "QUEUED" && !delayed.has(execution));
  return ids(new Set(open.filter(({ notBefore }) => notBefore === 0)));
}

/** It is ready, or will be when its time has come. */
function isRetried({ status, notBefore }: NodeExecution): boolean {
  return status === "QUEUED" && notBefore > 0;
}

function ids(executions: Iterable<NodeExecution>): string[] {
  return [...executions].map(({ id }) => id);
}

/** Makes plain values of whatever a state is made of; node executions are named by their ids where they are not at home. */
function plainValues(known: ReadonlySet<unknown>): (value: unknown) => unknown {
  const plain = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) {
      return value;
    }
    if (known.has(value)) {
      return (value as NodeExecution).id;
    }
    if (Array.isArray(value)) {
      return value.map(plain);
    }
    if (value instanceof Map) {
      return [...value].map(plain);
    }
    if (value instanceof Set) {
      return [...value].map(plain);
    }
    if (value instanceof Fifo) {
      return value.toArray().map(plain);
    }
    if (value instanceof ReuseBook) {
      return value.save();
    }
    if (Object.getPrototypeOf(Object.getPrototypeOf(value) ?? {}) !== null) {
      throw new Error(`canonicalState does not know what to make of a ${value.constructor.name}`);
    }
    // A state that was made from a snapshot has its parts in another order.
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, part]) => [name, plain(part)]),
    );
  };
  return plain;
}
