import { plan } from "./core/plan.testkit.ts";
import type { BegunRun } from "./protocol.ts";
import { Run } from "./run.ts";
import { MemoryExecutionStore } from "./store-memory.ts";
import type { RunHeader } from "./store.ts";

const TURNS_AT_ONCE = 50;

/** A loop of two nodes, one of which has a value from the beginning at every turn. */
const loop = {
  ...plan({ s: {}, a: {}, b: {} }, ["s.out -> a.x", "s.config => b.config", "a.out -> b.x", "b.out -> a.x"]),
  step_limit: 1_000_000,
};

/** A run of a loop that is over, with about so many events in batches of about 200, as its object would have it. */
export function longRun(
  executionId: string,
  workspaceId: string,
  events: number,
): { begun: BegunRun; lastSeq: number } {
  const store = new MemoryExecutionStore(Number.MAX_SAFE_INTEGER);
  const env = { now: 1_000, random: () => 0.5, leaseMs: 30_000 };
  const header: RunHeader = {
    execution_id: executionId,
    workspace_id: workspaceId,
    source: "test",
    created_at: 1_000,
    plan: loop,
  };
  const [run] = Run.create(store, header, { input: { type: "start", inputs: {} }, env });
  const end = { status: "completed", durationMs: 1, usage: undefined } as const;
  for (let number = 1; run.state.endedAt === null;) {
    const last = run.state.lastSeq + TURNS_AT_ONCE * 4 >= events;
    const reports = Array.from({ length: TURNS_AT_ONCE }, (_, index) => {
      const turn = number + index;
      const value = `turn ${turn}`;
      const outputs: [string, string][] =
        turn === 1
          ? [
              ["out", value],
              ["config", "from the start"],
            ]
          : last && index === TURNS_AT_ONCE - 1
            ? []
            : [["out", value]];
      return { node_execution_id: `n${turn}`, attempt: 1, begun: true, firstOutput: 0, outputs, end };
    });
    run.apply(
      { type: "report", reports, continuedFrom: run.state.lastSeq, pool: null, max: 0 },
      { ...env, now: 1_000 + number },
    );
    number += TURNS_AT_ONCE;
  }
  const batches = [...store.batches(0)].map(({ first_seq, at, events: some }) => ({
    first_seq,
    last_seq: first_seq + some.length - 1,
    at,
    events: JSON.stringify(some),
  }));
  return {
    begun: {
      execution_id: executionId,
      workspace_id: workspaceId,
      created_at: 1_000,
      header: JSON.stringify(header),
      batches,
      done: true,
    },
    lastSeq: run.state.lastSeq,
  };
}
