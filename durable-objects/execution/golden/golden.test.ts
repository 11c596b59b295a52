import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue } from "node:sqlite";
import { URL } from "node:url";
import { describe, expect, it, vi } from "vitest";
import type { Plan, PlanLink, PlanNode } from "#graph/plan/plan.ts";
import { REUSED } from "#graph/run/event.ts";
import { isTerminal } from "#graph/run/status.ts";
import { WAIT_KINDS } from "#graph/run/wait.ts";
import { ArchiveFile } from "#worker/retention/archive-file.ts";
import { nodeSqlite } from "../../node-sqlite.testkit.ts";
import { ArchivedRun } from "../archived-run.ts";
import { canonicalState } from "../core/canonical-state.testkit.ts";
import type { LogBatch, LogEvent } from "../core/log-event.ts";
import { SNAPSHOT_VERSION } from "../core/snapshot.ts";
import { valueOf } from "../outcome.testkit.ts";
import type { RunShape } from "../protocol.ts";
import { SqliteExecutionStore } from "../store-sqlite.ts";
import type { RunHeader } from "../store.ts";
import * as golden from "./golden-file.testkit.ts";
import type { Golden } from "./golden-file.testkit.ts";
import { SCENES } from "./scenes.testkit.ts";
import { whatFollows } from "./what-follows.testkit.ts";

const runs = golden.goldenNames().map((name) => golden.readGolden(name));

/** Answers may have got more fields since, so they are matched, not compared. */
describe.each(runs)("the recorded run $name", (recorded) => {
  const { batches, checkpoints } = recorded;

  it("is read as it was read then", () => {
    const store = golden.storeOf(recorded);
    expect(golden.seenOf(golden.loaded(store), store)).toMatchObject(recorded.seen as object);
  });

  it("[SN2] was at every snapshot what the log makes of it, and is that with the snapshot too", () => {
    for (const checkpoint of checkpoints) {
      const { seq } = checkpoint.state;
      const byLog = golden.folded(recorded, seq);
      expect(byLog.lastSeq).toBe(seq);
      if (checkpoint.version === SNAPSHOT_VERSION) {
        expect(golden.savedOf(byLog)).toMatchObject(checkpoint.state);
      }
      const store = golden.storeOf(recorded, seq);
      store.saveSnapshot(JSON.stringify(checkpoint));
      const bySnapshot = golden.loaded(store).state;
      expect(canonicalState(bySnapshot)).toEqual(canonicalState(byLog));
      expect(golden.savedOf(bySnapshot)).toEqual(golden.savedOf(byLog));
      const whole = golden.storeOf(recorded);
      whole.saveSnapshot(JSON.stringify(checkpoint));
      expect(golden.seenOf(golden.loaded(whole), whole)).toMatchObject(recorded.seen as object);
    }
  });

  it("can be stopped from wherever its object was loaded", () => {
    const moments = batches.map(({ first_seq, events }) => ({
      upTo: first_seq,
      lastSeq: first_seq + events.length - 1,
    }));
    // A run that was held to its end has no log.
    for (const { upTo, lastSeq } of moments.length === 0 ? [{ upTo: 0, lastSeq: 0 }] : moments) {
      const run = golden.loaded(golden.storeOf(recorded, upTo));
      expect(run.state.lastSeq).toBe(lastSeq);
      if (isTerminal(run.state.status)) {
        continue;
      }
      const env = { now: run.state.lastAt + 1, random: () => 0.5, leaseMs: 1_000 };
      run.apply({ type: "tick" }, env);
      run.apply({ type: "cancel", reason: "test" }, env);
      expect(run.state.status).toBe("TERMINATED");
    }
  });
});

describe("a recorded archive", () => {
  const name = "collect";
  const recorded = golden.readGolden(name);
  const seen = recorded.seen as Record<"view" | "events" | "nodes" | "rerun", object>;

  async function opened(): Promise<ArchiveFile> {
    const file = new golden.OneFile();
    const text = readFileSync(new URL(`${name}.archive.base64`, golden.FOLDER), "utf8");
    file.bytes = new Uint8Array(Buffer.from(text, "base64"));
    const archive = await ArchiveFile.open(file.bucket, "golden");
    if (archive === null) {
      throw new Error("there is no archive");
    }
    return archive;
  }

  it("[AR1] is whole", async () => {
    const archive = await opened();
    await archive.verify();
    expect(archive.header).toEqual(recorded.header);
    for (const batch of recorded.batches) {
      expect(await archive.batchWith(batch.first_seq)).toEqual(batch);
    }
  });

  it.each(["that it has", "that nobody can read"])("[AR4] answers the same pages, with a snapshot %s", async (kind) => {
    const archive = await opened();
    const { header, lastSeq } = archive;
    const checkpoint = kind === "that it has" ? archive.checkpoint : { ...archive.checkpoint, version: 0 };
    const batchWith: ArchiveFile["batchWith"] = (seq) => archive.batchWith(seq);
    const run = await ArchivedRun.open({ header, lastSeq, checkpoint, batchWith });
    expect(valueOf(await run.view("w"))).toMatchObject(seen.view);
    expect(valueOf(await run.events("w", 0, golden.ALL)).items).toMatchObject(seen.events);
    const pages = [];
    for (let after = 0; after < lastSeq; after += 7) {
      pages.push(...valueOf(await run.events("w", after, 7)).items);
    }
    expect(pages).toMatchObject(seen.events);
    expect(golden.plain(valueOf(await run.nodeExecutions("w", null, golden.ALL)))).toMatchObject(seen.nodes);
    expect({ ...valueOf(await run.rerun("w", null)), plan: null }).toMatchObject(seen.rerun);
    expect(valueOf(await run.nodeExecution("w", "n2"))).toMatchObject({ node_id: "op", status: "COMPLETED" });
  });
});

describe("the recorded rows of an object's database", () => {
  it("[SO1] are the run that was written", () => {
    const recorded = golden.readGolden("collect");
    const database = new DatabaseSync(":memory:");
    for (const { sql, table, row } of golden.readLines("collect.rows.ndjson")) {
      if (sql !== undefined) {
        database.exec(sql as string);
        continue;
      }
      const columns = Object.entries(row as Record<string, SQLInputValue>);
      const names = columns.map(([column]) => column).join(", ");
      const places = columns.map(() => "?").join(", ");
      const insert = database.prepare(`INSERT INTO ${String(table)} (${names}) VALUES (${places})`);
      insert.run(...columns.map(([, cell]) => cell));
    }
    const store = new SqliteExecutionStore(nodeSqlite(database));
    expect(store.header()).toEqual(recorded.header);
    expect([...store.batches(0)]).toEqual(recorded.batches);
    expect(JSON.parse(store.snapshot() ?? "null")).toEqual(recorded.checkpoints[0]);
    expect(store.grace()).toBe(recorded.batches.at(-1)?.at);
    expect(golden.seenOf(golden.loaded(store), store)).toMatchObject(recorded.seen as object);
  });
});

/** Objects inside events that have fields of the engine's own; other objects are people's values. */
const PARTS_OF_EVENTS = new Set(["wait", "error", "stats", "usage"]);

/** Fields that people are shown, and that no state depends on. */
const ONLY_SHOWN = [
  "execution_output.node",
  "execution_terminated.reason",
  "node_completed.node",
  "node_completed.usage.calls",
  "node_failed.node",
  "node_failed.usage.calls",
  "node_retrying.attempt",
  "node_retrying.error",
  "node_retrying.error.code",
  "node_retrying.error.message",
  "node_retrying.error.node_id",
  "node_retrying.node",
  "node_retrying.usage.calls",
  "node_terminated.node",
  "node_terminated.usage",
  "node_terminated.usage.calls",
  "node_terminated.usage.cost_usd",
  "node_terminated.usage.input_tokens",
  "node_terminated.usage.output_tokens",
  "node_waiting.node",
  "node_waiting.usage.calls",
];

/** Objects inside of headers of which the fields are people's. */
const PEOPLES = new Set(["input_default", "pinned", "held_inputs", "inputs", "outputs"]);

const SHOWN = "shown to people as it is";
const CHECKED_BEFORE = "read before there is a run";
const FOR_CONSUMER = "handed as it is to the consumer, which asks its cache";
const IN_EVENT =
  "told as it is in the event of a result that was taken over: what was used before is not counted again";

/** Fields of headers and plans that no code of the object reads, and what they are for. */
const NOT_READ: Record<string, string> = {
  "admission.hold.code": SHOWN,
  "admission.hold.message": SHOWN,
  "plan.nodes.cache.ttl_seconds": FOR_CONSUMER,
  "plan.required_inputs": CHECKED_BEFORE,
  "reuse.memo.usage.calls": IN_EVENT,
  "reuse.memo.usage.cost_usd": IN_EVENT,
  "reuse.memo.usage.input_tokens": IN_EVENT,
  "reuse.memo.usage.output_tokens": IN_EVENT,
  "shape.only_node_id": SHOWN,
  "shape.pinned_node_ids": SHOWN,
  "shape.until_node_id": SHOWN,
};

it.each(Object.entries(SCENES))("the scene %s can be played", (name, play) => {
  expect(() => play(name)).not.toThrow();
});

it("every scene is recorded", () => {
  const recorded = golden.goldenNames();
  // Else: node durable-objects/execution/golden/write-golden.testkit.ts
  expect(Object.keys(SCENES).filter((name) => !recorded.includes(name))).toEqual([]);
});

describe("the recordings", () => {
  const events = runs.flatMap(({ batches }) => batches.flatMap((batch) => batch.events));

  it("have every kind of event, of wait, of what ends one, and of a result that is not run for", () => {
    const types: Record<LogEvent["type"], true> = {
      execution_started: true,
      execution_running: true,
      execution_output: true,
      execution_review: true,
      execution_paused: true,
      execution_unpaused: true,
      execution_completed: true,
      execution_failed: true,
      execution_terminated: true,
      node_input: true,
      node_queued: true,
      node_started: true,
      node_output: true,
      node_completed: true,
      node_failed: true,
      node_retrying: true,
      node_waiting: true,
      node_resumed: true,
      node_terminated: true,
    };
    expect([...new Set(events.map(({ type }) => type))].toSorted()).toEqual(Object.keys(types).toSorted());
    const found = (pick: (event: LogEvent) => string | undefined): string[] =>
      [...new Set(events.flatMap((event) => pick(event) ?? []))].toSorted();
    expect(found((event) => (event.type === "node_waiting" ? event.wait.kind : undefined))).toEqual(
      WAIT_KINDS.toSorted(),
    );
    expect(found((event) => (event.type === "node_completed" ? event.reused : undefined))).toEqual(REUSED.toSorted());
    expect(found((event) => (event.type === "node_resumed" ? event.reason : undefined))).toEqual([
      "signal",
      "timeout",
      "timer",
    ]);
  });

  it("have snapshots of today's version", () => {
    const versions = runs.flatMap(({ checkpoints }) => checkpoints.map(({ version }) => version));
    // Another version: record its snapshots by more scenes, under names of their own.
    expect(versions).toContain(SNAPSHOT_VERSION);
  });

  it("have every field of a header, of a plan, of its nodes and links", () => {
    const header: Record<keyof RunHeader, true> = {
      execution_id: true,
      workspace_id: true,
      source: true,
      created_at: true,
      plan: true,
      parent: true,
      origin: true,
      reuse: true,
      dry_run: true,
      sampled_inputs: true,
      shape: true,
      root: true,
      admission: true,
      begun_by: true,
      held_inputs: true,
    };
    const plan: Record<keyof Plan, true> = {
      graph_id: true,
      graph_version: true,
      graph_name: true,
      nodes: true,
      starts: true,
      required_inputs: true,
      step_limit: true,
      timeout_ms: true,
      lease_ms: true,
      per_message: true,
    };
    const node: Record<keyof PlanNode, true> = {
      id: true,
      block_id: true,
      ui_type: true,
      effects: true,
      refined: true,
      pool: true,
      timeout_ms: true,
      total_timeout_ms: true,
      retry: true,
      input_default: true,
      linked_pins: true,
      static_pins: true,
      gathers: true,
      links: true,
      pinned: true,
      sampled: true,
      cache: true,
      error_linked: true,
    };
    const link: Record<keyof PlanLink, true> = { source_name: true, sink: true, sink_name: true, is_static: true };
    const keysOf = (objects: object[]): string[] =>
      [...new Set(objects.flatMap((each) => Object.keys(each)))].toSorted();
    const plans = runs.map((run) => run.header.plan);
    const nodes = plans.flatMap((each) => each.nodes);
    expect(keysOf(runs.map((run) => run.header))).toEqual(keysOf([header]));
    expect(keysOf(plans)).toEqual(keysOf([plan]));
    expect(keysOf(nodes)).toEqual(keysOf([node]));
    expect(keysOf(nodes.flatMap(({ links }) => links))).toEqual(keysOf([link]));
    expect(keysOf(runs.flatMap((run) => run.header.shape ?? []))).toEqual([
      "only_node_id",
      "pinned_node_ids",
      "until_node_id",
    ] satisfies (keyof RunShape)[]);
  });

  it("would tell when any field of a header or of a plan were called otherwise by the code that reads it", async () => {
    const chance = vi.spyOn(Math, "random").mockReturnValue(0.5);
    const fields = [...new Set(runs.flatMap(({ header }) => pathsIn(header)))].toSorted();
    const unnoticed: string[] = [];
    for (const field of fields) {
      if (!(await isNoticed(field))) {
        unnoticed.push(field);
      }
    }
    chance.mockRestore();
    expect(unnoticed).toEqual(Object.keys(NOT_READ));
  });

  it("would tell when any field of an event were called otherwise by the code that reads it", () => {
    const fields = [...new Set(events.flatMap(fieldsOf))].toSorted();
    const states = new Map(runs.map((run) => [run.name, statesOf(run)]));
    const seen = new Map(runs.map((run) => [run.name, readings(run)]));
    const stateIsSame = (run: Golden): boolean => statesOf(run) === states.get(run.name);
    const allIsSame = (run: Golden): boolean => stateIsSame(run) && readings(run) === seen.get(run.name);
    const unnoticed = (isSame: (run: Golden) => boolean): string[] =>
      fields.filter((field) => runs.every((run) => isSame({ ...run, batches: renamed(run.batches, field) })));
    expect(unnoticed(allIsSame)).toEqual([]);
    expect(unnoticed(stateIsSame)).toEqual(ONLY_SHOWN);
  });
});

/** `node_waiting.wait.kind` and the like, but for the type. */
function fieldsOf(event: LogEvent): string[] {
  return Object.entries(event).flatMap(([name, content]: [string, unknown]) => {
    if (name === "type") {
      return [];
    }
    const parts = PARTS_OF_EVENTS.has(name) ? Object.keys(content as object) : [];
    return [`${event.type}.${name}`, ...parts.map((part) => `${event.type}.${name}.${part}`)];
  });
}

/** `plan.nodes.retry.max_attempts` and the like. */
function pathsIn(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.flatMap(pathsIn);
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([name, content]: [string, unknown]) => [
    name,
    ...(PEOPLES.has(name) ? [] : pathsIn(content).map((path) => `${name}.${path}`)),
  ]);
}

const OF_OLD = "_of_old";

/** The same with a field called otherwise, everywhere on the path. */
function renamedIn<T>(value: T, [name, ...path]: string[]): T {
  if (Array.isArray(value)) {
    return value.map((each: unknown) => renamedIn(each, [name ?? "", ...path])) as T;
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const entries = Object.entries(value).map(([key, content]: [string, unknown]) => {
    if (key !== name) {
      return [key, content];
    }
    return path.length === 0 ? [`${key}${OF_OLD}`, content] : [key, renamedIn(content, path)];
  });
  return Object.fromEntries(entries) as T;
}

function renamed(batches: LogBatch[], field: string): LogBatch[] {
  const [type, ...path] = field.split(".");
  return batches.map((batch) => ({
    ...batch,
    events: batch.events.map((event) => (event.type === type ? renamedIn(event, path) : event)),
  }));
}

const followedBy = new Map<string, string>();

/** Whether anything becomes of any run that would not have become of it, but for what is passed on under the field's new name. */
async function isNoticed(field: string): Promise<boolean> {
  for (const recorded of runs.filter(({ header }) => pathsIn(header).includes(field))) {
    const header = renamedIn(recorded.header, field.split("."));
    const moments = [
      0,
      recorded.batches[0]?.first_seq ?? 0,
      ...recorded.checkpoints.map(({ state }) => state.seq),
      Infinity,
    ];
    for (const upTo of new Set(moments)) {
      for (const consumer of ["works", "dies"] as const) {
        const name = `${recorded.name} ${upTo} ${consumer}`;
        const at = { recorded, upTo, consumer };
        const before = followedBy.get(name) ?? (await whatFollows(recorded, at));
        followedBy.set(name, before);
        const after = await whatFollows({ ...recorded, header }, at).catch(String);
        if (after.replaceAll(`${OF_OLD}":`, '":') !== before) {
          return true;
        }
      }
    }
  }
  return false;
}

/** The run's states where it has snapshots, and its end, as a text; what went wrong, when they cannot be made. */
function statesOf(run: Golden): string {
  try {
    const { state } = golden.loaded(golden.storeOf(run));
    const midway = run.checkpoints.map((checkpoint) => golden.savedOf(golden.folded(run, checkpoint.state.seq)));
    return JSON.stringify([...midway, golden.savedOf(state), [...state.orphaned]]);
  } catch (error) {
    return String(error);
  }
}

function readings(run: Golden): string {
  try {
    const store = golden.storeOf(run);
    return JSON.stringify(golden.seenOf(golden.loaded(store), store));
  } catch (error) {
    return String(error);
  }
}
