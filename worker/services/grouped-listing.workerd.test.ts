import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import { GroupedListing } from "./grouped-listing.ts";

const summary = (id: string, took = 0): ExecutionSummary =>
  ({ execution_id: id, started_at: 1_000, ended_at: 1_000 + took }) as ExecutionSummary;

/** A table whose writes end when the test says so. */
function slowTable() {
  const writes: { ids: string[]; end: (error?: Error) => void }[] = [];
  const listing = new GroupedListing(
    (summaries) =>
      new Promise((resolve, reject) => {
        const ids = summaries.map(({ execution_id }) => execution_id);
        writes.push({ ids, end: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  );
  return { listing, writes };
}

/** Several at once, and the table writes whatever it is given. */
async function crowd({ listing, writes }: ReturnType<typeof slowTable>, ids: string[]): Promise<void> {
  let left = ids.length;
  ids.forEach((id) => void listing.list(summary(id)).then(() => (left -= 1)));
  while (left > 0) {
    writes.forEach(({ end }) => end());
    await vi.advanceTimersByTimeAsync(100);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("rows written together", () => {
  it("[ST4] writes the first at once, and in one write those that come meanwhile", async () => {
    const { listing, writes } = slowTable();
    const done: string[] = [];
    const calls = ["a", "b", "c"].map((id) => listing.list(summary(id)).then(() => done.push(id)));
    expect(writes.map(({ ids }) => ids)).toEqual([["a"]]);
    writes[0]?.end();
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toEqual(["a"]);
    expect(writes.map(({ ids }) => ids)).toEqual([["a"], ["b", "c"]]);
    writes[1]?.end();
    await Promise.all(calls);
    expect(done.toSorted()).toEqual(["a", "b", "c"]);
  });

  it("[ST4] tells every one of a group that its row was not written, and goes on with the next", async () => {
    const { listing, writes } = slowTable();
    const calls = ["a", "b", "c"].map((id) => listing.list(summary(id)).then(String, (error: Error) => error.message));
    writes[0]?.end(new Error("no"));
    await vi.advanceTimersByTimeAsync(0);
    writes[1]?.end(new Error("nor now"));
    expect(await Promise.all(calls)).toEqual(["no", "nor now", "nor now"]);
    void listing.list(summary("d"));
    await vi.advanceTimersByTimeAsync(100);
    expect(writes.at(-1)?.ids).toEqual(["d"]);
  });

  it("[ST4] writes its own row when whoever writes for it never comes to an end", async () => {
    const { listing, writes } = slowTable();
    void listing.list(summary("a"));
    const second = listing.list(summary("b"));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(writes.map(({ ids }) => ids)).toEqual([["a"], ["b"]]);
    writes[1]?.end();
    await second;
  });
});

describe("waiting for company", () => {
  it("[ST4] is for those that come one after the other none at all", async () => {
    const { listing, writes } = slowTable();
    for (const id of ["a", "b", "c"]) {
      const call = listing.list(summary(id));
      writes.at(-1)?.end();
      await call;
    }
    expect(writes.map(({ ids }) => ids)).toEqual([["a"], ["b"], ["c"]]);
  });

  it("[ST4] lasts until as many are there as came lately, or a fifth of what the run took is over, from 20 to 100 ms", async () => {
    const table = slowTable();
    const { listing, writes } = table;
    await crowd(table, ["a", "b", "c", "d"]);
    const before = writes.length;
    void listing.list(summary("e"));
    void listing.list(summary("f"));
    await vi.advanceTimersByTimeAsync(19);
    expect(writes).toHaveLength(before);
    void listing.list(summary("g"));
    await vi.advanceTimersByTimeAsync(0);
    expect(writes.at(-1)?.ids).toEqual(["e", "f", "g"]);
    writes.at(-1)?.end();
    for (const [took, waits] of [
      [0, 20],
      [300, 60],
      [60_000, 100],
    ] as const) {
      await crowd(table, [`${took}.a`, `${took}.b`, `${took}.c`, `${took}.d`]);
      const known = writes.length;
      void listing.list(summary(`${took}.e`, took));
      await vi.advanceTimersByTimeAsync(waits - 1);
      expect(writes).toHaveLength(known);
      await vi.advanceTimersByTimeAsync(1);
      expect(writes.at(-1)?.ids).toEqual([`${took}.e`]);
      writes.at(-1)?.end();
      await vi.advanceTimersByTimeAsync(0);
    }
  });

  it("[ST4] is given up after a few that came alone", async () => {
    const table = slowTable();
    const { listing, writes } = table;
    await crowd(table, ["a", "b", "c", "d", "e", "f", "g"]);
    const waits: boolean[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const before = writes.length;
      const call = listing.list(summary(`alone ${turn}`));
      waits.push(writes.length === before);
      await vi.advanceTimersByTimeAsync(20);
      writes.at(-1)?.end();
      await call;
    }
    expect(waits).toEqual([true, true, false, false, false]);
  });
});
