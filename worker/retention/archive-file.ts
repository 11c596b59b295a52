import { ARCHIVE_VERSION, FOOTER_BYTES, readFooter, readLines } from "#durable-objects/execution/archive-format.ts";
import type { ArchiveHead, ArchiveIndex } from "#durable-objects/execution/archive-format.ts";
import type { ArchivedLog } from "#durable-objects/execution/archived-run.ts";
import type { LogBatch } from "#durable-objects/execution/core/log-event.ts";
import type { RunHeader } from "#durable-objects/execution/store.ts";
import { gunzip } from "./gzip.ts";

/** Bytes read from the end at first: all of most runs' archives. */
const TAIL_BYTES = 64 * 1024;

/** Parts kept decoded: those that a page is in, and one that its references point to. */
const CACHED_PARTS = 3;

/** Bytes read at a time of an archive that is read from end to end. */
const VERIFIED_AT_ONCE = 4 * 1024 * 1024;

export function archiveKey(workspaceId: string, executionId: string): string {
  return `runs/${workspaceId}/${executionId}.ndjson.gz`;
}

/** A run's archive in R2. Of a long one only what is asked for is read (docs/decisions/0013-archive.md). */
export class ArchiveFile implements ArchivedLog {
  readonly header: RunHeader;
  readonly #bytes: ByteRanges;
  readonly #index: ArchiveIndex;
  #cache: { part: number; batches: LogBatch[] }[] = [];

  private constructor(bytes: ByteRanges, index: ArchiveIndex, header: RunHeader) {
    this.#bytes = bytes;
    this.#index = index;
    this.header = header;
  }

  /** Null when there is no archive. @throws when what is there is not a whole archive. */
  static async open(files: R2Bucket, key: string): Promise<ArchiveFile | null> {
    const bytes = await ByteRanges.open(files, key);
    if (bytes === null) {
      return null;
    }
    const place = readFooter(await bytes.read(bytes.size - FOOTER_BYTES, FOOTER_BYTES));
    if (place === null) {
      throw new Error(`${key} does not end as an archive does.`);
    }
    const index = JSON.parse(await gunzip(await bytes.read(place.offset, place.length))) as ArchiveIndex;
    if (index.version !== ARCHIVE_VERSION) {
      throw new Error(`${key} was written by newer code: version ${index.version}.`);
    }
    const [offset = 0, length = 0] = index.parts[0] ?? [];
    const { header } = JSON.parse(await gunzip(await bytes.read(offset, length))) as ArchiveHead;
    return new ArchiveFile(bytes, index, header as RunHeader);
  }

  get lastSeq(): number {
    return this.#index.last_seq;
  }

  get checkpoint(): ArchiveIndex["checkpoint"] {
    return this.#index.checkpoint;
  }

  async batchWith(seq: number): Promise<LogBatch | undefined> {
    if (seq < 1 || seq > this.lastSeq) {
      return undefined;
    }
    const part = this.#index.parts.findLastIndex(([, , firstSeq]) => firstSeq <= seq);
    const batches = await this.#part(part);
    return batches.find(({ first_seq, events }) => first_seq <= seq && seq < first_seq + events.length);
  }

  /** Reads all of it. @throws when anything is missing, is torn, or does not follow what is before it. */
  async verify(): Promise<void> {
    let last = 0;
    for (let part = 1; part < this.#index.parts.length; part += 1) {
      for (const { first_seq, events } of await this.#part(part, VERIFIED_AT_ONCE)) {
        if (first_seq !== last + 1) {
          throw new Error(`event ${first_seq} follows event ${last}`);
        }
        last += events.length;
      }
    }
    if (last !== this.lastSeq) {
      throw new Error(`the archive ends at event ${last}, not at ${this.lastSeq}`);
    }
  }

  async #part(part: number, ahead = 0): Promise<LogBatch[]> {
    let entry = this.#cache.find((cached) => cached.part === part);
    if (entry === undefined) {
      const [offset = 0, length = 0] = this.#index.parts[part] ?? [];
      entry = { part, batches: readLines(await gunzip(await this.#bytes.read(offset, length, ahead))) };
    }
    const { part: kept } = entry;
    this.#cache = [entry, ...this.#cache.filter((cached) => cached.part !== kept)].slice(0, CACHED_PARTS);
    return entry.batches;
  }
}

interface Held {
  from: number;
  bytes: Uint8Array;
}

/** An object of R2 by ranges; its end is read with the first look at it. */
class ByteRanges {
  readonly size: number;
  readonly #files: R2Bucket;
  readonly #key: string;
  readonly #tail: Held;
  #window: Held = { from: 0, bytes: new Uint8Array() };

  private constructor(files: R2Bucket, object: R2Object, tail: Uint8Array) {
    this.#files = files;
    this.#key = object.key;
    this.size = object.size;
    this.#tail = { from: object.size - tail.length, bytes: tail };
  }

  static async open(files: R2Bucket, key: string): Promise<ByteRanges | null> {
    const object = await files.get(key, { range: { suffix: TAIL_BYTES } });
    return object === null ? null : new ByteRanges(files, object, new Uint8Array(await object.arrayBuffer()));
  }

  /** `ahead`: bytes to read at once for those who read on. @throws when the object is not there any more. */
  async read(offset: number, length: number, ahead = 0): Promise<Uint8Array> {
    const held = [this.#tail, this.#window].find(
      ({ from, bytes }) => from <= offset && offset + length <= from + bytes.length,
    );
    if (held !== undefined) {
      return held.bytes.subarray(offset - held.from, offset - held.from + length);
    }
    const wanted = Math.max(length, Math.min(ahead, this.size - offset));
    const object = await this.#files.get(this.#key, { range: { offset, length: wanted } });
    if (object === null) {
      throw new Error(`${this.#key} is gone.`);
    }
    const bytes = new Uint8Array(await object.arrayBuffer());
    if (ahead > 0) {
      this.#window = { from: offset, bytes };
    }
    return bytes.subarray(0, length);
  }
}
