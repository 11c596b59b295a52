import type { Checkpoint } from "./checkpoints.ts";
import type { LogBatch } from "./core/log-event.ts";

/**
 * An archived run is one gzip file: a line with its header, then a line for each batch of its log, as JSON. It is made of gzip members, which any
 * gunzip reads as one file, and each of which can be read alone: the header, then parts of some hundred kilobytes, then the index (another line), then an
 * empty member of fixed size that tells where the index is. So a page of a long log costs the index and the parts that the page is in.
 */
export const ARCHIVE_VERSION = 1;

/** Characters of batches in a part; one batch may have more. */
export const PART_CHARS = 256_000;

/** The first line. `header` is a `RunHeader`. */
export interface ArchiveHead {
  version: number;
  header: unknown;
}

/** The last line. */
export interface ArchiveIndex {
  version: number;
  last_seq: number;
  /** Where a member begins, how long it is, and the first event in it; the first is the header's, with event 0. */
  parts: [offset: number, length: number, firstSeq: number][];
  /** The state at the end. */
  checkpoint: Checkpoint;
}

/** What an object gives away of its run for the archive. */
export interface ArchiveSource {
  /** `RunHeader` as JSON. */
  header: string;
  last_seq: number;
  checkpoint: Checkpoint;
}

/** Batches of a log, each as the JSON of a `LogBatch`. */
export interface ArchiveLines {
  lines: { first_seq: number; last_seq: number; json: string }[];
}

const MAGIC = [0x1f, 0x8b, 0x08, 0x04];
/** Header with an extra field of one subfield of 16 bytes, an empty deflate block, checksum and length of nothing. */
export const FOOTER_BYTES = 10 + 2 + 4 + 16 + 2 + 8;

/** The last member of an archive: empty, with the place of the index in its extra field. */
export function footerOf(index: { offset: number; length: number }): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  bytes[9] = 0xff;
  view.setUint16(10, 20, true);
  bytes.set([0x57, 0x46], 12);
  view.setUint16(14, 16, true);
  view.setBigUint64(16, BigInt(index.offset), true);
  view.setBigUint64(24, BigInt(index.length), true);
  bytes.set([0x03, 0x00], 32);
  return bytes;
}

/** Where the index is, from the last `FOOTER_BYTES` bytes of a file; null when they are not an archive's. */
export function readFooter(bytes: Uint8Array): { offset: number; length: number } | null {
  const isOurs =
    bytes.length === FOOTER_BYTES &&
    MAGIC.every((byte, at) => bytes[at] === byte) &&
    bytes[12] === 0x57 &&
    bytes[13] === 0x46;
  if (!isOurs) {
    return null;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { offset: Number(view.getBigUint64(16, true)), length: Number(view.getBigUint64(24, true)) };
}

/** The batches of a part. */
export function readLines(text: string): LogBatch[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LogBatch);
}
