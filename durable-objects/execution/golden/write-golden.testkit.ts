import { existsSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { URL } from "node:url";
import { writeArchive } from "#worker/retention/write-archive.ts";
import { nodeSqlite } from "../../node-sqlite.testkit.ts";
import { takeLines } from "../archive-source.ts";
import { SqliteExecutionStore } from "../store-sqlite.ts";
import { FOLDER, goldenText, linesOf, OneFile, seenOf } from "./golden-file.testkit.ts";
import type { Scene } from "./scene.testkit.ts";
import { SCENES } from "./scenes.testkit.ts";

/** Of which run there are an archive and the rows of a database, beside its log. */
const KEPT_IN_FULL = "collect";

/** Characters of log in a part of the archive, so that it has several. */
const PART_CHARS = 600;

/** A file that is there stays as it is. */
function add(file: string, text: string): void {
  const path = new URL(file, FOLDER);
  if (existsSync(path)) {
    console.log(`${file} is there and stays as it is`);
    return;
  }
  writeFileSync(path, text, { flag: "wx" });
  console.log(`${file} was recorded`);
}

async function archiveText({ run, store }: Scene): Promise<string> {
  const file = new OneFile();
  const { lastSeq } = run.state;
  const source = { header: JSON.stringify(run.header), last_seq: lastSeq, checkpoint: run.checkpoints.take(run.state) };
  const target = { files: file.bucket, key: "golden" };
  await writeArchive(target, source, async (after) => takeLines(store.batches(after), PART_CHARS));
  return Buffer.from(file.bytes)
    .toString("base64")
    .replaceAll(/.{120}/g, "$&\n");
}

/** The tables and rows that the object's database has of the run, with a snapshot and a grace. */
function rowsText({ run, store, checkpoints }: Scene): string {
  const database = new DatabaseSync(":memory:");
  const kept = new SqliteExecutionStore(nodeSqlite(database));
  kept.create(run.header);
  for (const batch of store.batches(0)) {
    kept.append(batch);
  }
  kept.saveSnapshot(JSON.stringify(checkpoints[0]));
  kept.setGrace(run.state.lastAt);
  const tables = database.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.flatMap(({ name }) =>
    database
      .prepare(`SELECT * FROM ${String(name)}`)
      .all()
      .map((row) => ({ table: name, row })),
  );
  return linesOf([...tables.map(({ sql }) => ({ sql })), ...rows]);
}

if (import.meta.main) {
  for (const [name, play] of Object.entries(SCENES)) {
    const scene = play(name);
    const { header } = scene.run;
    const { store, checkpoints } = scene;
    add(
      `${name}.log.ndjson`,
      goldenText({ header, batches: [...store.batches(0)], checkpoints, seen: seenOf(scene.run, store) }),
    );
    if (name === KEPT_IN_FULL) {
      add(`${name}.archive.base64`, await archiveText(scene));
      add(`${name}.rows.ndjson`, rowsText(scene));
    }
  }
}
