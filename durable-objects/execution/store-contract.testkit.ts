import { describe, expect, it } from "vitest";
import type { LogBatch, LogEvent } from "./core/log-event.ts";
import type { ExecutionStore, RunHeader } from "./store.ts";

const header: RunHeader = {
  execution_id: "x",
  workspace_id: "w",
  source: "test",
  created_at: 5,
  plan: {
    graph_id: "g",
    graph_version: 1,
    graph_name: "名",
    nodes: [],
    starts: [],
    required_inputs: [],
    step_limit: 1,
  },
};

function output(value: string): LogEvent {
  return { type: "node_output", ne: "n1", node: 0, pin: "out", value };
}

function batch(first_seq: number, ...values: string[]): LogBatch {
  return { first_seq, at: 10 + first_seq, events: values.map(output) };
}

/** What every ExecutionStore keeps to. `within` gives a fresh store to its callback. */
export function storeContract(name: string, within: (work: (store: ExecutionStore) => void) => Promise<void>): void {
  describe(`${name} as an execution store`, () => {
    it("[SO1] is empty at first", () =>
      within((store) => {
        expect(store.header()).toBeNull();
        expect(store.lastSeq()).toBe(0);
        expect([...store.batches(0)]).toEqual([]);
        expect(store.batchWith(1)).toBeUndefined();
      }));

    it("[SO2] keeps the header, once", () =>
      within((store) => {
        store.create(header);
        expect(store.header()).toEqual(header);
        expect(store.lastSeq()).toBe(0);
        expect([...store.batches(0)]).toEqual([]);
        expect(() => store.create(header)).toThrow();
      }));

    it("[SO3] [SO5] gives batches back in order, from any event on, and by event", () =>
      within((store) => {
        store.create(header);
        const batches = [batch(1, "a", "b", "c"), batch(4, "d"), batch(5, "e", "f")];
        batches.forEach((one) => store.append(one));
        expect([...store.batches(0)]).toEqual(batches);
        expect([...store.batches(2)]).toEqual(batches);
        expect([...store.batches(3)]).toEqual(batches.slice(1));
        expect([...store.batches(6)]).toEqual([]);
        expect([1, 3, 4, 6].map((seq) => store.batchWith(seq)?.first_seq)).toEqual([1, 1, 4, 5]);
        expect(store.lastSeq()).toBe(6);
      }));

    it("[ST3] takes a run with its first batches as texts, whole or not at all", () =>
      within((store) => {
        const batches = [batch(1, "a", "名"), batch(3, "c")];
        const texts = batches.map(({ first_seq, at, events }) => ({
          first_seq,
          last_seq: first_seq + events.length - 1,
          at,
          events: JSON.stringify(events),
        }));
        const run = { created_at: header.created_at, header: JSON.stringify(header), batches: texts };
        const gap = texts.map((text) => ({ ...text, first_seq: text.first_seq + 1, last_seq: text.last_seq + 1 }));
        expect(() => store.transaction(() => store.adopt({ ...run, batches: gap }))).toThrow("cannot follow event 0");
        expect(store.header()).toBeNull();
        store.transaction(() => store.adopt(run));
        expect(store.header()).toEqual(header);
        expect([...store.batches(0)]).toEqual(batches);
        expect(store.lastSeq()).toBe(3);
        store.append(batch(4, "d"));
        expect(() => store.transaction(() => store.adopt(run))).toThrow();
      }));

    it("[SO4] refuses gaps, repeats and empty batches", () =>
      within((store) => {
        store.create(header);
        store.append(batch(1, "a"));
        expect(() => store.append(batch(3, "b"))).toThrow();
        expect(() => store.append(batch(1, "b"))).toThrow();
        expect(() => store.append(batch(2))).toThrow();
        expect(store.lastSeq()).toBe(1);
      }));

    it("[SO6] a transaction that throws leaves nothing", () =>
      within((store) => {
        expect(() =>
          store.transaction(() => {
            store.create(header);
            store.append(batch(1, "a"));
            throw new Error("no");
          }),
        ).toThrow("no");
        expect(store.header()).toBeNull();
        expect(store.lastSeq()).toBe(0);
        store.transaction(() => {
          store.create(header);
          store.append(batch(1, "b"));
        });
        expect([...store.batches(0)]).toEqual([batch(1, "b")]);
      }));

    it("[SO8] keeps the grace beside the log", () =>
      within((store) => {
        store.create(header);
        store.append(batch(1, "a"));
        expect(store.grace()).toBeNull();
        store.setGrace(7);
        store.setGrace(9);
        expect(store.grace()).toBe(9);
        store.append(batch(2, "b"));
        expect([...store.batches(0)]).toEqual([batch(1, "a"), batch(2, "b")]);
        expect(store.header()).toEqual(header);
        expect(store.lastSeq()).toBe(2);
        store.setGrace(null);
        expect(store.grace()).toBeNull();
      }));

    it("[SO9] keeps the newest snapshot beside the log, of any size", () =>
      within((store) => {
        expect(store.snapshot()).toBeNull();
        store.create(header);
        store.append(batch(1, "a"));
        expect(store.snapshot()).toBeNull();
        store.saveSnapshot(`first ${"\u{1F9F5}".repeat(700_000)}`);
        expect(store.snapshot()).toHaveLength(1_400_006);
        store.setGrace(3);
        store.saveSnapshot("second");
        expect(() =>
          store.transaction(() => {
            store.append(batch(2, "b"));
            store.saveSnapshot("never");
            throw new Error("no");
          }),
        ).toThrow("no");
        expect([store.snapshot(), store.grace(), store.lastSeq()]).toEqual(["second", 3, 1]);
        expect(store.header()).toEqual(header);
        expect([...store.batches(0)]).toEqual([batch(1, "a")]);
        expect(store.batchWith(1)).toEqual(batch(1, "a"));
        expect(store.batchWith(2)).toBeUndefined();
      }));

    it("[SO7] keeps large batches and every character", () =>
      within((store) => {
        const large = batch(1, `x${"\u{1F9F5}".repeat(700_000)}`, "\u0000 \u2028 \ud800 \u{10FFFF} __proto__");
        store.create(header);
        store.append(large);
        store.append(batch(3, "after"));
        expect([...store.batches(0)]).toEqual([large, batch(3, "after")]);
        expect(store.batchWith(2)).toEqual(large);
      }));
  });
}
