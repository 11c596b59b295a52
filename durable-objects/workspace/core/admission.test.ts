import { describe, expect, it } from "vitest";
import type { AdmissionTicket } from "../protocol.ts";
import type { FlowSettings } from "#graph/model/flow-settings.ts";
import { APPEAR_MS, CHECK_MS } from "./admission.ts";
import { MAX_REMEMBERED, StartLog } from "./start-log.ts";
import { admissionWith, letGo, report, ringUntilCommand, stopped, ticket } from "./ticket.testkit.ts";

const ADMITTED = { kind: "admitted" };
const queued = (code: string): object => ({ kind: "queued", reason: { code } });
const concurrency = (limit: number, key?: string): FlowSettings => ({
  concurrency: { limit, ...(key === undefined ? {} : { key }) },
});

describe("concurrency", () => {
  it("[WA1] [WA2] [WF1] lets so many go, and the next in order as places come free", () => {
    const admission = admissionWith();
    const flow = concurrency(2);
    expect(["a", "b", "c", "d"].map((id) => admission.begin(ticket(id, flow), 0))).toMatchObject([
      ADMITTED,
      ADMITTED,
      queued("concurrency"),
      queued("concurrency"),
    ]);
    expect(letGo(admission)).toEqual([]);
    admission.release(["b"], "ended", 10);
    expect(letGo(admission)).toEqual(["c"]);
    admission.release(["b", "unknown"], "ended", 10);
    expect(letGo(admission)).toEqual([]);
    admission.release(["a", "c"], "ended", 20);
    expect(letGo(admission)).toEqual(["d"]);
    expect([admission.running, admission.queued]).toEqual([1, 0]);
  });

  it("[WA1] counts each value of the key by itself", () => {
    const admission = admissionWith();
    const flow = concurrency(1, "inputs.customer");
    const of = (id: string, customer: string) => ticket(id, flow, { keys: { concurrency: customer } });
    expect(admission.begin(of("a", "x"), 0)).toEqual(ADMITTED);
    expect(admission.begin(of("b", "x"), 0)).toMatchObject(queued("concurrency"));
    expect(admission.begin(of("c", "y"), 0)).toEqual(ADMITTED);
    admission.release(["c"], "ended", 1);
    expect(letGo(admission)).toEqual([]);
    admission.release(["a"], "ended", 1);
    expect(letGo(admission)).toEqual(["b"]);
  });

  it("answers a repeated question as before", () => {
    const admission = admissionWith();
    admission.begin(ticket("a", concurrency(1)), 0);
    admission.begin(ticket("b", concurrency(1)), 0);
    expect(admission.begin(ticket("a", concurrency(1)), 1)).toEqual(ADMITTED);
    expect(admission.begin(ticket("b", concurrency(1)), 1)).toMatchObject(queued("concurrency"));
    expect([admission.running, admission.queued]).toEqual([1, 1]);
  });
});

describe("throttle", () => {
  it("[WA3] starts no more than the limit in any period, and goes on by time alone", () => {
    const admission = admissionWith();
    const flow: FlowSettings = { throttle: { limit: 2, period_seconds: 10 } };
    expect(admission.begin(ticket("a", flow), 0)).toEqual(ADMITTED);
    expect(admission.begin(ticket("b", flow), 4_000)).toEqual(ADMITTED);
    expect(admission.begin(ticket("c", flow), 5_000)).toMatchObject(queued("throttle"));
    expect(admission.begin(ticket("d", flow), 6_000)).toMatchObject(queued("throttle"));
    admission.release(["a", "b"], "ended", 7_000);
    expect(letGo(admission)).toEqual([]);
    expect(admission.nextAlarm()).toBe(10_000);
    admission.tick(9_999);
    expect(letGo(admission)).toEqual([]);
    admission.tick(10_000);
    expect(letGo(admission)).toEqual(["c"]);
    admission.answered("c", "admit", "going", 10_000);
    admission.tick(13_999);
    expect(letGo(admission)).toEqual([]);
    expect(admission.nextAlarm()).toBe(14_000);
    admission.tick(14_000);
    expect(letGo(admission)).toEqual(["d"]);
  });

  it("[WA3] remembers starts over a restart, and forgets them when they no longer count", () => {
    const flow: FlowSettings = { throttle: { limit: 1, period_seconds: 10 } };
    const before = admissionWith();
    before.begin(ticket("a", flow), 0);
    const { put, starts } = before.takeChanges();
    expect(starts).toEqual([{ graph_id: "g", key: "", at: 0, execution_id: "a" }]);
    const after = admissionWith();
    after.restore({ runs: put, starts }, 1_000);
    expect(after.begin(ticket("b", flow), 2_000)).toMatchObject(queued("throttle"));
    after.tick(10_000);
    expect(after.takeChanges()).toMatchObject({ prune: [{ graph_id: "g", upTo: 0 }], starts: [{ at: 10_000 }] });
  });

  it("[WA3] with a key counts each value by itself, and no value keeps another back", () => {
    const flow: FlowSettings = { throttle: { limit: 1, period_seconds: 10, key: "inputs.customer" } };
    const of = (id: string, throttle: string): AdmissionTicket => ticket(id, flow, { keys: { throttle } });
    const before = admissionWith();
    expect(before.begin(of("a1", "a"), 0)).toEqual(ADMITTED);
    expect(before.begin(of("a2", "a"), 1_000)).toMatchObject({
      kind: "queued",
      reason: { code: "throttle", message: expect.stringContaining("with the same inputs.customer") },
    });
    expect(before.begin(of("b1", "b"), 2_000)).toEqual(ADMITTED);
    const { put, starts } = before.takeChanges();
    const after = admissionWith();
    after.restore({ runs: put, starts }, 3_000);
    expect(after.begin(of("b2", "b"), 4_000)).toMatchObject(queued("throttle"));
    expect(after.begin(of("c1", "c"), 5_000)).toEqual(ADMITTED);
    expect(ringUntilCommand(after, 1)).toMatchObject({ commands: expect.arrayContaining(["admit a1"]) });
    after.tick(9_999);
    expect(letGo(after)).not.toContain("a2");
    after.tick(10_000);
    expect(letGo(after)).toContain("a2");
    after.tick(12_000);
    expect(letGo(after)).toContain("b2");
    expect(after.takeChanges().prune).toEqual([]);
  });

  it("[WA3] remembers a bounded number of starts over all values: more wait until the oldest no longer count", () => {
    const log = new StartLog();
    const throttle = { limit: 1, period_seconds: 10, key: "inputs.customer" };
    for (let index = 0; index < MAX_REMEMBERED; index += 1) {
      log.add({ graph_id: "g", key: `customer ${index}`, at: index < 2 ? 0 : 5_000 });
    }
    expect(log.nextStart({ graph_id: "g", key: "new" }, throttle, 6_000)).toEqual({ at: 10_000, wholeAgent: true });
    expect(log.nextStart({ graph_id: "other", key: "new" }, throttle, 6_000).at).toBe(6_000);
    expect(log.nextStart({ graph_id: "g", key: "new" }, throttle, 10_000).at).toBe(10_000);
    expect(log.prune("g", throttle, 10_000)).toBe(0);
    expect(log.nextStart({ graph_id: "g", key: "customer 0" }, throttle, 10_000)).toEqual({
      at: 10_000,
      wholeAgent: false,
    });
    expect(log.nextStart({ graph_id: "g", key: "customer 2" }, throttle, 10_000).at).toBe(15_000);
  });
});

describe("singleton", () => {
  it("[WA4] skip refuses another start, queued, running and waiting alike", () => {
    const admission = admissionWith();
    const flow: FlowSettings = { singleton: { mode: "skip" } };
    expect(admission.begin(ticket("a", flow), 0)).toEqual(ADMITTED);
    expect(admission.begin(ticket("b", flow), 1)).toEqual({ kind: "skipped", execution_id: "a" });
    admission.release(["a"], "waiting", 2);
    expect(admission.running).toBe(0);
    expect(admission.begin(ticket("c", flow), 3)).toEqual({ kind: "skipped", execution_id: "a" });
    admission.release(["a"], "ended", 4);
    expect(admission.begin(ticket("d", flow), 5)).toEqual(ADMITTED);
  });

  it("[WA4] cancel_running lets the new one go when the old one is over, and not before", () => {
    const admission = admissionWith();
    const flow: FlowSettings = { singleton: { mode: "cancel_running" } };
    admission.begin(ticket("a", flow), 0);
    expect(admission.begin(ticket("b", flow), 1)).toMatchObject(queued("singleton"));
    expect(admission.takeChanges().commands).toMatchObject([{ type: "cancel", execution_id: "a" }]);
    admission.answered("a", "cancel", "failed", 2);
    expect(letGo(admission)).toEqual([]);
    const again = ringUntilCommand(admission);
    expect(again.commands).toEqual(["cancel a"]);
    admission.answered("a", "cancel", "ended", again.now);
    expect(letGo(admission)).toEqual(["b"]);
  });

  it("[WA4] a run that is being stopped before it went does not go, whoever asks", () => {
    const admission = admissionWith();
    const flow: FlowSettings = { singleton: { mode: "cancel_running" } };
    admission.begin(ticket("a", flow), 0);
    admission.begin(ticket("b", flow), 0);
    admission.begin(ticket("c", flow), 0);
    expect(admission.begin(ticket("b", flow), 1)).toMatchObject(queued("singleton"));
    expect(admission.reacquire(ticket("b", flow), 1)).toMatchObject(queued("singleton"));
  });

  it("[WA4] three at once: the last one goes", () => {
    const admission = admissionWith();
    const flow: FlowSettings = { singleton: { mode: "cancel_running" } };
    admission.begin(ticket("a", flow), 0);
    admission.begin(ticket("b", flow), 0);
    admission.begin(ticket("c", flow), 0);
    expect(stopped(admission)).toEqual(["a", "b"]);
    admission.answered("b", "cancel", "ended", 1);
    admission.answered("a", "cancel", "ended", 1);
    expect(letGo(admission)).toEqual(["c"]);
  });
});

describe("debounce", () => {
  const flow: FlowSettings = { debounce: { seconds: 5, max_seconds: 12 } };

  it("[WA5] the last one goes after the quiet time; those before it are stopped", () => {
    const admission = admissionWith();
    expect(admission.begin(ticket("a", flow), 0)).toMatchObject(queued("debounce"));
    expect(admission.begin(ticket("b", flow), 4_000)).toMatchObject(queued("debounce"));
    expect(stopped(admission)).toEqual(["a"]);
    admission.answered("a", "cancel", "ended", 4_000);
    admission.tick(8_999);
    expect(letGo(admission)).toEqual([]);
    admission.tick(9_000);
    expect(letGo(admission)).toEqual(["b"]);
    expect(admission.begin(ticket("c", flow), 9_001)).toMatchObject(queued("debounce"));
    expect(stopped(admission)).toEqual([]);
  });

  it("[WA5] cannot be put off for ever", () => {
    const admission = admissionWith();
    for (let at = 0; at <= 12_000; at += 3_000) {
      admission.begin(ticket(`r${at}`, flow), at);
    }
    admission.takeChanges();
    admission.tick(12_000);
    expect(admission.queued).toBe(1);
    expect(admission.running).toBe(1);
  });
});

describe("waiting", () => {
  it("[WA6] gives the place up, and comes before runs that have not started when it goes on", () => {
    const admission = admissionWith();
    const flow = { ...concurrency(1), throttle: { limit: 1, period_seconds: 1 } };
    admission.begin(ticket("a", flow), 0);
    admission.begin(ticket("b", flow), 0);
    admission.begin(ticket("c", flow), 0);
    admission.release(["a"], "waiting", 10);
    admission.tick(1_000);
    expect(letGo(admission)).toEqual(["b"]);
    expect(admission.reacquire(ticket("a", flow), 1_100)).toMatchObject(queued("concurrency"));
    admission.release(["b"], "ended", 1_200);
    expect(letGo(admission)).toEqual(["a"]);
    expect(admission.reacquire(ticket("a", flow), 1_300)).toEqual(ADMITTED);
  });

  it("[WA6] that waits again before it got its place back no longer waits for it", () => {
    const admission = admissionWith();
    admission.begin(ticket("a", concurrency(1)), 0);
    admission.release(["a"], "waiting", 1);
    admission.begin(ticket("b", concurrency(1)), 2);
    expect(admission.reacquire(ticket("a", concurrency(1)), 3)).toMatchObject(queued("concurrency"));
    admission.begin(ticket("c", concurrency(1)), 4);
    admission.release(["a"], "waiting", 5);
    admission.release(["b"], "ended", 6);
    expect(letGo(admission)).toEqual(["c"]);
  });

  it("[WA6] goes on at once where there is room", () => {
    const admission = admissionWith();
    admission.begin(ticket("a", concurrency(1)), 0);
    admission.release(["a"], "waiting", 1);
    expect(admission.reacquire(ticket("a", concurrency(1)), 2)).toEqual(ADMITTED);
  });
});

describe("lost messages", () => {
  it("[WA7] a run is told to go until it answers", () => {
    const admission = admissionWith();
    admission.begin(ticket("a", concurrency(1)), 0);
    admission.begin(ticket("b", concurrency(1)), 0);
    admission.release(["a"], "ended", 0);
    expect(letGo(admission)).toEqual(["b"]);
    let now = 0;
    for (let tries = 0; tries < 5; tries += 1) {
      const ring = ringUntilCommand(admission);
      expect(ring.commands).toEqual(["admit b"]);
      admission.answered("b", "admit", "failed", ring.now);
      now = ring.now;
    }
    expect(now).toBeLessThan(30_000);
    admission.answered("b", "admit", "going", now);
    expect(ringUntilCommand(admission).now).toBe(now + CHECK_MS);
  });

  it("[WA7] what does not exist a minute later, or is over, gives its place back", () => {
    const admission = admissionWith();
    for (const id of ["a", "b", "c"]) {
      admission.begin(ticket(id, concurrency(2)), 0);
    }
    expect(admission.nextAlarm()).toBe(APPEAR_MS);
    admission.tick(APPEAR_MS);
    expect(letGo(admission)).toEqual(["a", "b"]);
    admission.answered("a", "admit", "not_found", APPEAR_MS);
    expect(letGo(admission)).toEqual([]);
    admission.answered("a", "admit", "not_found", APPEAR_MS + 1);
    expect(letGo(admission)).toEqual(["c"]);
    admission.answered("b", "admit", "ended", APPEAR_MS + 2);
    expect(admission.running).toBe(1);
  });

  it("[WA7] after a restart every run with a place is asked", () => {
    const before = admissionWith();
    before.begin(ticket("a", concurrency(1)), 0);
    before.begin(ticket("b", concurrency(1)), 0);
    const after = admissionWith();
    after.restore({ runs: before.takeChanges().put, starts: [] }, 5);
    expect([after.running, after.queued]).toEqual([1, 1]);
    after.tick(5);
    expect(letGo(after)).toEqual(["a"]);
  });
});

describe("limits of the workspace", () => {
  it("[WA9] [WC3] runs that ask wait beyond the limit, and there is no leave then", () => {
    const admission = admissionWith({ running: 2 });
    expect(["a", "b", "c"].map((id) => admission.begin(ticket(id), 0))).toMatchObject([
      ADMITTED,
      ADMITTED,
      queued("workspace_limit"),
    ]);
    expect(admission.credits(0).count).toBe(0);
    expect(admission.mayStartUncounted(0)).toBe(false);
    admission.release(["a"], "ended", 1);
    expect(letGo(admission)).toEqual(["c"]);
  });

  it("[WA8] refuses beyond the queue's limit, with a time to come again, and changes nothing by it", () => {
    const admission = admissionWith({ queuedPerAgent: 1, queued: 2 }, { g: 30_000 });
    const flow: FlowSettings = {
      ...concurrency(1, "inputs.x"),
      singleton: { mode: "cancel_running", key: "inputs.x" },
    };
    const of = (id: string, x: string, graph_id = "g") =>
      ticket(id, flow, { graph_id, keys: { concurrency: x, singleton: x } });
    admission.begin(of("a", "1"), 0);
    admission.begin(of("b", "1"), 0);
    admission.takeChanges();
    admission.begin(of("c", "2"), 0);
    expect(admission.begin(of("d", "2"), 0)).toEqual({
      kind: "too_many_queued",
      scope: "agent",
      queued: 1,
      limit: 1,
      retry_after_s: 1,
    });
    expect(admission.takeChanges()).toMatchObject({ commands: [], remove: [] });
    expect(admission.begin(of("e", "3"), 0)).toEqual(ADMITTED);
    admission.begin(of("f", "1", "h"), 0);
    admission.begin(of("g", "1", "h"), 0);
    admission.begin(of("h", "1", "i"), 0);
    expect(admission.begin(of("i", "1", "i"), 0)).toMatchObject({
      kind: "too_many_queued",
      scope: "workspace",
      queued: 2,
      limit: 2,
    });
  });
});

describe("runs that nobody asked for", () => {
  it("[WC4] are counted from when they are heard of until their end, whatever the order of the news", () => {
    const admission = admissionWith({ running: 1 });
    admission.observe([report("a"), report("a")], 0);
    expect(admission.running).toBe(1);
    expect(admission.begin(ticket("b"), 1)).toMatchObject(queued("workspace_limit"));
    admission.observe([report("a", { ended: true })], 2);
    expect(letGo(admission)).toEqual(["b"]);
    admission.observe([report("a")], 3);
    expect(admission.running).toBe(1);
    admission.observe([report("b", { ended: true }), report("a", { ended: true })], 4);
    expect(admission.running).toBe(0);
  });

  it("[WC4] do not count while they wait, and are asked soon when others wait for their place", () => {
    const admission = admissionWith({ running: 1 });
    admission.observe([report("a", { waiting: true })], 0);
    expect(admission.running).toBe(0);
    admission.observe([report("b")], 0);
    expect(admission.nextAlarm()).toBe(CHECK_MS);
    admission.begin(ticket("c"), 1_000);
    expect(admission.nextAlarm()).toBe(10_000);
    admission.tick(10_000);
    expect(letGo(admission)).toEqual(["b"]);
    admission.answered("b", "admit", "idle", 10_001);
    expect(letGo(admission)).toEqual(["c"]);
  });

  it("news of a counted run that has settings of its own does not take its place away", () => {
    const admission = admissionWith();
    admission.begin(ticket("a", concurrency(1)), 0);
    admission.observe([report("a", { waiting: true }), report("a")], 1);
    expect(admission.running).toBe(1);
  });
});
