import { beforeAll, describe, expect, it } from "vitest";
import { ArchivedRun } from "#durable-objects/execution/archived-run.ts";
import { longRun } from "#durable-objects/execution/long-log.testkit.ts";
import { valueOf } from "#durable-objects/execution/outcome.testkit.ts";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import { testEnv } from "#test/workerd/api-client.ts";
import { openDatabase } from "#worker/db/database.ts";
import { applyExecutionSummaries } from "#worker/db/execution-projection.ts";
import { executionStub } from "#worker/env.ts";
import { ArchiveFile, archiveKey } from "./archive-file.ts";
import { archiveRun } from "./archive-run.ts";
import { Upload } from "./upload.ts";

const EVENTS = 100_000;
const files = testEnv.FILES;
const id = crypto.randomUUID();
const key = archiveKey("w", id);
let before: ExecutionView;

/** The bucket, and what is read of it. */
function counted(): { bucket: R2Bucket; read: () => { calls: number; bytes: number } } {
  let [calls, bytes] = [0, 0];
  const get = async (name: string, options: R2GetOptions): ReturnType<typeof files.get> => {
    const object = await files.get(name, options);
    calls += 1;
    const range = object?.range;
    bytes += range !== undefined && "length" in range ? (range.length ?? 0) : 0;
    return object;
  };
  const bucket = new Proxy(files, {
    get: (of, name) => {
      const member: unknown = name === "get" ? get : Reflect.get(of, name, of);
      return typeof member === "function" && name !== "get" ? (member.bind(of) as unknown) : member;
    },
  });
  const read = (): { calls: number; bytes: number } => {
    const seen = { calls, bytes };
    [calls, bytes] = [0, 0];
    return seen;
  };
  return { bucket, read };
}

async function open(bucket: R2Bucket): Promise<ArchivedRun> {
  const file = await ArchiveFile.open(bucket, key);
  if (file === null) {
    throw new Error("there is no archive");
  }
  return ArchivedRun.open(file);
}

beforeAll(async () => {
  const { begun, lastSeq } = longRun(id, "w", EVENTS);
  const stub = executionStub(testEnv, id);
  valueOf(await stub.adopt(begun, 0));
  before = valueOf(await stub.view("w"));
  const db = openDatabase(testEnv.DB);
  const { graph_id, graph_version, graph_name, status, stats, error } = before;
  const of = { graph_id, graph_version, graph_name, status, stats, error, source: "test" };
  const times = { created_at: 1, started_at: 1, ended_at: 2 };
  await applyExecutionSummaries(db, [{ execution_id: id, workspace_id: "w", seq: lastSeq, ...of, ...times }]);
  const run = { executionId: id, workspaceId: "w", createdAt: 1, endedAt: 2, archivedAt: null };
  const object = (executionId: string): typeof stub => executionStub(testEnv, executionId);
  expect(await archiveRun({ db, files, object, now: () => Date.now() }, run)).toBe("archived");
});

describe("an archive of 100,000 events", () => {
  it("[AR6] is read by the page: of a long log only the parts that the page is in", async () => {
    const size = (await files.head(key))?.size ?? 0;
    const { bucket, read } = counted();
    expect(valueOf(await (await open(bucket)).view("w"))).toEqual(before);
    const opened = read();
    expect(opened.calls).toBeLessThanOrEqual(2);
    const run = await open(bucket);
    read();
    for (const after of [0, 50_000, before.last_seq - 100]) {
      const { items } = valueOf(await (await open(bucket)).events("w", after, 100));
      expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, index) => after + 1 + index));
      const { calls, bytes } = read();
      expect(calls - opened.calls).toBeLessThanOrEqual(3);
      expect(bytes - opened.bytes).toBeLessThan(size / 4);
    }
    expect(valueOf(await run.nodeExecution("w", "n12500"))).toMatchObject({ status: "COMPLETED", node_id: "a" });
    expect(read().bytes).toBeLessThan(size / 4);
    const { items, next_cursor } = valueOf(await run.nodeExecutions("w", "50000", 100));
    expect([items.length, next_cursor !== null]).toEqual([100, true]);
    expect(read().bytes).toBeLessThan(size / 4);
  });

  it("[AR6] gives every event once when it is paged through", async () => {
    const run = await open(files);
    let after = 0;
    while (after < before.last_seq) {
      for (const event of valueOf(await run.events("w", after, 1_000)).items) {
        expect(event.seq).toBe(after + 1);
        after = event.seq;
        if (event.type === "node_queued" && Object.hasOwn(event.input, "config")) {
          expect(event.input["config"]).toBe("from the start");
        }
      }
    }
  });

  it("[AR4] [SN3] is read by code that does not know its snapshot: the log is folded", async () => {
    const file = await ArchiveFile.open(files, key);
    if (file === null) {
      throw new Error("there is no archive");
    }
    const checkpoint = { ...file.checkpoint, version: 0 };
    const { header, lastSeq } = file;
    const run = await ArchivedRun.open({ header, lastSeq, checkpoint, batchWith: (seq) => file.batchWith(seq) });
    expect(valueOf(await run.view("w"))).toEqual(before);
  });

  it("[AR1] is not taken for whole when it is torn", async () => {
    const whole = new Uint8Array((await (await files.get(key))?.arrayBuffer()) ?? new ArrayBuffer());
    const torn = `${key}.torn`;
    await files.put(torn, whole.slice(0, whole.length - 9));
    await expect(ArchiveFile.open(files, torn)).rejects.toThrow("does not end as an archive does");
    const bent = whole.slice();
    bent[Math.floor(whole.length / 2)] = (bent[Math.floor(whole.length / 2)] ?? 0) ^ 0x55;
    await files.put(torn, bent);
    const file = await ArchiveFile.open(files, torn);
    await expect(file?.verify()).rejects.toThrow();
  });
});

describe("an upload of unknown size", () => {
  it.each([0, 3, 9, 20])("[AR6] writes %i MiB", async (mib) => {
    const name = `runs/w/upload-${mib}`;
    const upload = new Upload(files, name);
    const piece = new Uint8Array(1024 * 1024 + 1);
    for (let index = 0; index < mib; index += 1) {
      await upload.add(piece.fill(index + 1).slice());
      expect(await files.head(name)).toBeNull();
    }
    await upload.finish();
    const stored = new Uint8Array((await (await files.get(name))?.arrayBuffer()) ?? new ArrayBuffer());
    expect([stored.length, upload.size]).toEqual([mib * piece.length, mib * piece.length]);
    expect(stored.every((byte, at) => byte === Math.floor(at / piece.length) + 1)).toBe(true);
  });
});
