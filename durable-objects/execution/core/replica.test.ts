import { describe, expect, it } from "vitest";
import { plan, TestRun } from "./plan.testkit.ts";
import { Replica } from "./replica.ts";
import { takeSnapshot } from "./snapshot.ts";

const idempotent = { effects: "idempotent" as const };
const retry = { max_attempts: 3, backoff_ms: 100, max_backoff_ms: 100 };

/** A run with an attempt of `first` running, and a replica of it made while `again` waited for its next attempt. */
function partWay(): { run: TestRun; replica: Replica; first: string; again: string } {
  const of = plan({ again: { ...idempotent, retry }, first: idempotent, next: idempotent }, ["first.out -> next.x"]);
  const run = new TestRun(of);
  const { again = "", first = "" } = run.lease();
  run.fails(again);
  const replica = Replica.restore(of, structuredClone(takeSnapshot(run.state, { replica: true })));
  return { run, replica, first, again };
}

/** The consumer completes `first` and takes one more: ids of what the object hands out, and whether the replica has foretold that. */
function goOn({ run, replica, first }: ReturnType<typeof partWay>): { leased: string[]; isInStep: boolean } {
  const report = {
    node_execution_id: first,
    attempt: 1,
    firstOutput: 0,
    outputs: [["out", 1]] as [string, number][],
    end: { status: "completed", durationMs: 1, usage: undefined } as const,
  };
  expect(replica.base, "the report comes to the very state").toBe(run.state.lastSeq);
  expect(replica.apply(report)).toBe(true);
  const one = { pool: "io", max: 1 } as const;
  const { leased, refused } = run.do({
    type: "report",
    reports: [report],
    continuedFrom: replica.base,
    ...one,
  });
  expect(refused).toEqual([]);
  const ids = leased.map(({ id }) => id);
  const isInStep = replica.confirm({ ...one, seq: run.state.lastSeq, leased: ids });
  expect(replica.base, "as many events").toBe(run.state.lastSeq);
  return { leased: ids, isInStep };
}

describe("a replica", () => {
  it("[LC3] is in step when the object hands out what it has foretold", () => {
    const scene = partWay();
    const { leased, isInStep } = goOn(scene);
    expect(leased).toHaveLength(1);
    expect(leased).not.toContain(scene.again);
    expect(isInStep).toBe(true);
  });

  it("[LC3] is worth nothing when the object hands out as much, and something else", () => {
    const scene = partWay();
    scene.run.now += 200;
    // What has become ready by itself is before what is queued later, and no event says so.
    expect(scene.run.do({ type: "tick" }).events).toEqual([]);
    const { leased, isInStep } = goOn(scene);
    expect(leased).toEqual([scene.again]);
    expect(isInStep).toBe(false);
  });
});
