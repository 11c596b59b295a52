import { describe, expect, it, vi } from "vitest";
import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import { GroupedListing } from "./grouped-listing.ts";

const summary = (id: string): ExecutionSummary => ({ execution_id: id }) as ExecutionSummary;

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

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe("rows written together", () => {
  it("[ST4] writes the first at once, and in one write those that come meanwhile", async () => {
    const { listing, writes } = slowTable();
    const done: string[] = [];
    const calls = ["a", "b", "c"].map((id) => listing.list(summary(id)).then(() => done.push(id)));
    expect(writes.map(({ ids }) => ids)).toEqual([["a"]]);
    writes[0]?.end();
    await turn();
    expect(done).toEqual(["a"]);
    expect(writes.map(({ ids }) => ids)).toEqual([["a"], ["b", "c"]]);
    writes[1]?.end();
    await Promise.all(calls);
    expect(done.toSorted()).toEqual(["a", "b", "c"]);
    void listing.list(summary("d"));
    expect(writes.map(({ ids }) => ids)).toEqual([["a"], ["b", "c"], ["d"]]);
  });

  it("[ST4] tells every one of a group that its row was not written, and goes on with the next", async () => {
    const { listing, writes } = slowTable();
    const calls = ["a", "b", "c"].map((id) => listing.list(summary(id)).then(String, (error: Error) => error.message));
    writes[0]?.end(new Error("no"));
    await turn();
    writes[1]?.end(new Error("nor now"));
    expect(await Promise.all(calls)).toEqual(["no", "nor now", "nor now"]);
    void listing.list(summary("d"));
    expect(writes.at(-1)?.ids).toEqual(["d"]);
  });

  it("[ST4] writes its own row when whoever writes for it never comes to an end", async () => {
    vi.useFakeTimers();
    try {
      const { listing, writes } = slowTable();
      void listing.list(summary("a"));
      const second = listing.list(summary("b"));
      await vi.advanceTimersByTimeAsync(2_000);
      expect(writes.map(({ ids }) => ids)).toEqual([["a"], ["b"]]);
      writes[1]?.end();
      await second;
    } finally {
      vi.useRealTimers();
    }
  });
});
