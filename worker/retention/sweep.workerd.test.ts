import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { childExecutionId } from "#durable-objects/execution/effects.ts";
import { longRun } from "#durable-objects/execution/long-log.testkit.ts";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import { createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Tenant } from "#test/workerd/api-client.ts";
import { until } from "#test/workerd/until.ts";
import { openDatabase } from "#worker/db/database.ts";
import { applyExecutionSummaries } from "#worker/db/execution-projection.ts";
import { deleteExecutionRow } from "#worker/db/execution-table.ts";
import { executionStub } from "#worker/env.ts";
import { handleScheduled } from "#worker/handle-scheduled.ts";
import { getChildExecution } from "#worker/services/child-execution.ts";
import { archiveKey } from "./archive-file.ts";
import type { ArchiveDeps } from "./archive-run.ts";
import {
  archivedAt,
  DAY,
  db,
  files,
  forgetSweeps,
  get,
  isEmpty,
  listedSeq,
  startRun,
  sweep,
  sweepDeps,
} from "./archive.testkit.ts";
import { retentionDays, sweepRuns } from "./sweep.ts";
import type { Sweep } from "./sweep.ts";

let tenant: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
});

beforeEach(forgetSweeps);

afterEach(() => {
  vi.restoreAllMocks();
});

const key = (executionId: string): { workspaceId: string; executionId: string } => ({
  workspaceId: tenant.workspaceId,
  executionId,
});

function methods(id: string): ReturnType<ArchiveDeps["object"]> {
  const stub = executionStub(testEnv, id);
  return {
    archiveSource: (workspaceId) => stub.archiveSource(workspaceId),
    archiveLines: (workspaceId, after, maxChars) => stub.archiveLines(workspaceId, after, maxChars),
    discard: (workspaceId, lastSeq) => stub.discard(workspaceId, lastSeq),
  };
}

/** A sweep that dies before or after its `step`-th call of anything outside: nothing it does after that happens. */
function dyingAt(step: number, moment: "before" | "after"): { deps: ArchiveDeps; dead: () => boolean } {
  let calls = 0;
  let dead = false;
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    if (dead) {
      throw new Error("the sweep is dead");
    }
    calls += 1;
    if (calls === step && moment === "before") {
      dead = true;
      throw new Error("the sweep dies");
    }
    const result = await work();
    if (calls === step) {
      dead = true;
      throw new Error("the sweep dies");
    }
    return result;
  };
  const mortal = <T extends object>(target: T, names: (keyof T & string)[]): T =>
    new Proxy(target, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name, of);
        if (typeof value !== "function") {
          return value;
        }
        const bound = value.bind(of) as (...args: unknown[]) => Promise<unknown>;
        return names.includes(name as keyof T & string) ? (...args: unknown[]) => call(() => bound(...args)) : bound;
      },
    });
  const deps = sweepDeps(31);
  const base = openDatabase(testEnv.DB);
  const database = new Proxy(base, {
    get: (of, name) => (name === "$client" ? mortal(base.$client, ["batch"]) : Reflect.get(of, name, of)),
  });
  return {
    deps: {
      ...deps,
      db: database,
      files: mortal(files, ["put", "get", "head", "delete"]),
      object: (id) => mortal(methods(id), ["archiveSource", "archiveLines", "discard"]),
    },
    dead: () => dead,
  };
}

describe("the sweep", () => {
  it("[AR1] leaves alone what goes on or ended lately, and comes back for it", async () => {
    const run = await startRun(tenant, 2);
    const waiting = { ...run, execution_id: crypto.randomUUID(), workspace_id: tenant.workspaceId };
    const createdAt = Date.parse(run.created_at);
    await applyExecutionSummaries(db, [
      {
        ...waiting,
        status: "RUNNING",
        seq: 1,
        created_at: createdAt,
        started_at: createdAt,
        ended_at: null,
        error: null,
      },
    ]);
    await testEnv.DB.prepare("UPDATE execution SET ended_at = ? WHERE id = ?")
      .bind(createdAt + 20 * DAY, run.id)
      .run();
    const first = await sweep(31);
    expect(first.later).toBeGreaterThanOrEqual(2);
    expect(await archivedAt(run.id)).toBeNull();
    await sweep(49);
    expect(await archivedAt(run.id)).toBeNull();
    await sweep(51);
    expect(await archivedAt(run.id)).toBeGreaterThan(0);
    await deleteExecutionRow(db, { ...key(waiting.execution_id), at: Date.now() });
    expect(await sweep(60)).toMatchObject({ later: 0 });
  });

  it("[AR1] is what the Worker does every minute, with the days that the deployment says", async () => {
    const run = await startRun(tenant, 2);
    vi.spyOn(Date, "now").mockReturnValue(Date.parse(run.created_at) + 40 * DAY);
    const turn = (days: string): Promise<Sweep> => handleScheduled({ ...testEnv, WEFT_RETENTION_DAYS: days });
    expect((await turn("0")).archived).toBe(0);
    expect((await turn("45")).archived).toBe(0);
    expect(await archivedAt(run.id)).toBeNull();
    expect((await turn("35")).archived).toBeGreaterThanOrEqual(1);
    expect(await archivedAt(run.id)).toBeGreaterThan(0);
    expect((await get(tenant, run.id)).body).toEqual(run);
  });

  it("[AR2] waits for those who must know of the end", async () => {
    const run = await startRun(tenant, 2);
    await testEnv.DB.prepare("UPDATE execution SET seq = 1 WHERE id = ?").bind(run.id).run();
    expect((await sweep(31)).later).toBeGreaterThanOrEqual(1);
    expect(await archivedAt(run.id)).toBeNull();
    expect(await isEmpty(run.id)).toBe(false);
    // The object has told the list again.
    await until(async () => (await listedSeq(tenant, run.id)) === run.last_seq);
    await sweep(31.1);
    expect(await archivedAt(run.id)).toBeGreaterThan(0);
  });

  it("[AR2] [AR4] takes a run and the run that it started, and the way from one to the other stays", async () => {
    const parentId = crypto.randomUUID();
    const childId = childExecutionId(parentId, "n2");
    for (const id of [parentId, childId]) {
      const { begun } = longRun(id, tenant.workspaceId, 300);
      const parent = { execution_id: parentId, ne: "n2", hops: 1, root_graph_id: "g", root_graph_version: 1 };
      const header = JSON.parse(begun.header) as object;
      await executionStub(testEnv, id).adopt(
        { ...begun, header: JSON.stringify(id === childId ? { ...header, parent } : header) },
        0,
      );
      await executionStub(testEnv, id).relist(tenant.workspaceId);
      await until(async () => ((await listedSeq(tenant, id)) ?? 0) > 0);
    }
    const { userId, workspaceId } = tenant;
    const person = { userId, workspaceId, via: "api_key", scopes: ["READ_GRAPH"] } as const;
    const child = (): Promise<ExecutionView> =>
      getChildExecution(tenant.client.deps, person, { executionId: parentId, nodeExecutionId: "n2" });
    const before = await child();
    expect(before).toMatchObject({ id: childId, parent_execution_id: parentId });
    await sweep(31);
    expect([await isEmpty(parentId), await isEmpty(childId)]).toEqual([true, true]);
    expect(await child()).toEqual(before);
  });

  it("[AR3] may die at any step, before it or after it: the run can be read all the time, and the next sweep does the rest", async () => {
    for (let step = 1, survived = false; !survived; step += 1) {
      for (const moment of ["before", "after"] as const) {
        const run = await startRun(tenant, 2, [step]);
        const before = (await get(tenant, `${run.id}?include=nodes`)).body;
        const mortal = dyingAt(step, moment);
        const died = await sweepRuns(mortal.deps, 30).then(
          () => false,
          () => true,
        );
        survived = !mortal.dead();
        expect(died, `step ${step} ${moment}`).toBe(!survived);
        expect((await get(tenant, `${run.id}?include=nodes`)).body).toEqual(before);
        await sweep(31.5);
        expect(await isEmpty(run.id), `step ${step} ${moment}`).toBe(true);
        expect(await archivedAt(run.id)).toBeGreaterThan(0);
        expect((await get(tenant, `${run.id}?include=nodes`)).body).toEqual(before);
      }
      expect(step).toBeLessThan(50);
    }
  });

  it("[AR3] tries again what failed, and goes on with the others", async () => {
    const [broken, whole] = [await startRun(tenant, 2), await startRun(tenant, 2)];
    const deps = sweepDeps(31);
    const object: ArchiveDeps["object"] = (id) =>
      id === broken.id
        ? { ...methods(id), archiveLines: () => Promise.reject(new Error("overloaded")) }
        : executionStub(testEnv, id);
    const first = await sweepRuns({ ...deps, object }, 30);
    expect(first.later).toBe(1);
    expect(await archivedAt(broken.id)).toBeNull();
    expect(await archivedAt(whole.id)).toBeGreaterThan(0);
    expect(await files.head(archiveKey(tenant.workspaceId, broken.id))).toBeNull();
    await sweep(31.1);
    expect(await archivedAt(broken.id)).toBeGreaterThan(0);
  });

  it("[AR1] [AR3] takes a bounded time, and the next one goes on where it ended", async () => {
    await sweep(31);
    const runs: string[] = [];
    for (let count = 0; count < 7; count += 1) {
      runs.push((await startRun(tenant, 2, [count])).id);
    }
    const deps = sweepDeps(31);
    let late = 0;
    const slow: ArchiveDeps = {
      ...deps,
      now: () => deps.now() + late,
      object: (id) => ({
        ...methods(id),
        discard: async (workspaceId, lastSeq) => {
          late = 60_000;
          return executionStub(testEnv, id).discard(workspaceId, lastSeq);
        },
      }),
    };
    expect((await sweepRuns(slow, 30)).archived).toBe(5);
    expect(await Promise.all(runs.map(async (id) => (await archivedAt(id)) !== null))).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect((await sweepRuns(slow, 30)).archived).toBe(2);
  });

  it("[AR5] leaves no archive of a run that is deleted while it is archived", async () => {
    const run = await startRun(tenant, 2);
    const deps = sweepDeps(31);
    const object: ArchiveDeps["object"] = (id) => ({
      ...methods(id),
      discard: async (workspaceId, lastSeq) => {
        expect((await tenant.client.call(`${RUNS}/${run.id}`, { method: "DELETE" })).status).toBe(204);
        await files.put(archiveKey(workspaceId, run.id), "as if the sweep had been slower");
        return executionStub(testEnv, id).discard(workspaceId, lastSeq);
      },
    });
    await sweepRuns({ ...deps, object: (id) => (id === run.id ? object(id) : executionStub(testEnv, id)) }, 30);
    expect(await files.head(archiveKey(tenant.workspaceId, run.id))).toBeNull();
    expect((await get(tenant, run.id)).status).toBe(404);
  });

  it("[AR5] forgets tombstones after thirty days, with what may be left in the archive", async () => {
    const executionId = crypto.randomUUID();
    const young = crypto.randomUUID();
    await deleteExecutionRow(db, { ...key(executionId), at: Date.now() });
    await deleteExecutionRow(db, { ...key(young), at: Date.now() + 20 * DAY });
    await files.put(archiveKey(tenant.workspaceId, executionId), "left over");
    expect((await sweepRuns(sweepDeps(31), null)).forgotten).toBeGreaterThanOrEqual(1);
    expect(await files.head(archiveKey(tenant.workspaceId, executionId))).toBeNull();
    expect(await listedSeq(tenant, executionId)).toBeNull();
    expect(await listedSeq(tenant, young)).not.toBeNull();
  });

  it("[AR1] keeps to the days that the deployment says", () => {
    const days = (WEFT_RETENTION_DAYS?: string): number | null =>
      retentionDays(WEFT_RETENTION_DAYS === undefined ? {} : { WEFT_RETENTION_DAYS });
    expect([days(), days(""), days("90"), days("0"), days("0.01"), days("-1"), days("soon")]).toEqual([
      30,
      30,
      90,
      null,
      1,
      null,
      null,
    ]);
  });
});
