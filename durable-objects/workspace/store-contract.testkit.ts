import { describe, expect, it } from "vitest";
import type { Changes } from "./core/admission-changes.ts";
import { Figures } from "./core/figures.ts";
import type { RunEntry } from "./core/run-entry.ts";
import type { WorkspaceStore } from "./store.ts";

const NOTHING: Changes = { put: [], remove: [], starts: [], prune: [], commands: [] };

function run(id: string, queuedAt: number): RunEntry {
  const ticket = { execution_id: id, workspace_id: "w", graph_id: "g", flow: null, keys: {} };
  return {
    ticket,
    state: "queued",
    queuedAt,
    notBefore: queuedAt,
    firstAt: queuedAt,
    admittedAt: null,
    resumed: false,
    why: "",
  };
}

/** What every store does. `within` gives a way to open a new, empty store; opening it again is a restart. */
export function storeContract(
  name: string,
  within: (work: (open: () => WorkspaceStore) => void) => Promise<void> | void,
): void {
  describe(`${name} as a workspace's store`, () => {
    it("[WS1] has what was committed, runs in the order in which they came", () =>
      within((open) => {
        const key = { key: "k", fingerprint: "f", execution_id: "b", expires_at: 100 };
        open().commit({ ...NOTHING, put: [run("b", 2), run("a", 1), run("c", 3)] }, key);
        open().commit({ ...NOTHING, put: [{ ...run("a", 1), state: "running", admittedAt: 5 }], remove: ["c"] });
        const store = open();
        expect(store.runs()).toEqual([{ ...run("a", 1), state: "running", admittedAt: 5 }, run("b", 2)]);
        expect(store.key("k")).toEqual({ fingerprint: "f", execution_id: "b", expires_at: 100 });
        expect(store.key("other")).toBeUndefined();
      }));

    it("[WS1] has starts, oldest first, until they are pruned", () =>
      within((open) => {
        const start = (graph_id: string, at: number): Changes["starts"][number] => ({
          graph_id,
          key: `key ${at}`,
          at,
          execution_id: `${graph_id}${at}`,
        });
        open().commit({ ...NOTHING, starts: [start("g", 3), start("g", 1), start("h", 2)] });
        open().commit({ ...NOTHING, prune: [{ graph_id: "g", upTo: 1 }] });
        expect(open().starts()).toEqual([
          { graph_id: "g", key: "key 3", at: 3 },
          { graph_id: "h", key: "key 2", at: 2 },
        ]);
      }));

    it("[WI3] forgets keys that have expired", () =>
      within((open) => {
        open().commit(NOTHING, { key: "old", fingerprint: "f", execution_id: "a", expires_at: 10 });
        open().commit(NOTHING, { key: "new", fingerprint: "f", execution_id: "b", expires_at: 20 });
        open().sweepKeys(10);
        expect(open().key("old")).toBeUndefined();
        expect(open().key("new")).toBeDefined();
        expect(open().hasKeys()).toBe(true);
        open().sweepKeys(20);
        expect(open().hasKeys()).toBe(false);
      }));

    it("[WS1] has figures, and knows those of blocks", () =>
      within((open) => {
        const figures = new Figures();
        figures.add({ durationMs: 12, busyMs: 11, tokens: 3, costUsd: null, size: 4 });
        const data = figures.toData();
        open().writeFigures([
          { subject: "g:x", hour: 5, data },
          { subject: "b:y", hour: -1, data },
          { subject: "b:y", hour: 5, data },
        ]);
        const store = open();
        expect(store.readFigures("g:x", 5)).toEqual(data);
        expect(store.readFigures("g:x", 6)).toBeUndefined();
        expect([...store.blockFigures()]).toEqual([["y", data]]);
      }));

    it("[WS3] keeps the last 20 outliers of an agent", () =>
      within((open) => {
        const outlier = (graph_id: string, at: number) => ({
          graph_id,
          execution_id: `r${at}`,
          duration_ms: 9,
          p99_ms: 1,
          at,
        });
        for (let at = 1; at <= 25; at += 1) {
          open().addOutlier(outlier("g", at));
        }
        open().addOutlier(outlier("h", 1));
        expect(
          open()
            .outliers("g")
            .map(({ at }) => at),
        ).toEqual(Array.from({ length: 20 }, (_, index) => 25 - index));
        expect(open().outliers("h")).toEqual([{ execution_id: "r1", duration_ms: 9, p99_ms: 1, at: 1 }]);
      }));
  });
}
