import { ARCHIVE_VERSION, footerOf, PART_CHARS } from "#durable-objects/execution/archive-format.ts";
import type { ArchiveIndex, ArchiveLines, ArchiveSource } from "#durable-objects/execution/archive-format.ts";
import { gzip } from "./gzip.ts";
import { Upload } from "./upload.ts";

/** Where the log comes from: some lines after an event, or null when the run is not there any more. */
export type LinesAfter = (after: number) => Promise<ArchiveLines["lines"] | null>;

/**
 * Writes a run's archive. At any time a part of the log is in memory, never all of it. False, and nothing is written, when the run vanished meanwhile.
 * @throws when the log has a gap or ends too early.
 */
export async function writeArchive(
  target: { files: R2Bucket; key: string },
  source: ArchiveSource,
  linesAfter: LinesAfter,
): Promise<boolean> {
  const upload = new Upload(target.files, target.key);
  const parts: ArchiveIndex["parts"] = [];
  const add = async (firstSeq: number, text: string): Promise<void> => {
    const bytes = await gzip(text);
    parts.push([upload.size, bytes.length, firstSeq]);
    await upload.add(bytes);
  };
  try {
    await add(0, `{"version":${ARCHIVE_VERSION},"header":${source.header}}\n`);
    let last = 0;
    while (last < source.last_seq) {
      const lines = await linesAfter(last);
      if (lines === null) {
        await upload.giveUp();
        return false;
      }
      for (const part of partsOf(lines)) {
        assertFollows(part, last);
        last = part.at(-1)?.last_seq ?? last;
        await add(part[0]?.first_seq ?? 0, `${part.map(({ json }) => json).join("\n")}\n`);
      }
    }
    const { last_seq, checkpoint } = source;
    const index: ArchiveIndex = { version: ARCHIVE_VERSION, last_seq, parts, checkpoint };
    const bytes = await gzip(`${JSON.stringify(index)}\n`);
    const footer = footerOf({ offset: upload.size, length: bytes.length });
    await upload.add(bytes);
    await upload.add(footer);
    await upload.finish();
    return true;
  } catch (error) {
    await upload.giveUp().catch(() => undefined);
    throw error;
  }
}

function assertFollows(lines: ArchiveLines["lines"], after: number): void {
  let last = after;
  for (const { first_seq, last_seq } of lines) {
    if (first_seq !== last + 1 || last_seq < first_seq) {
      throw new Error(`a batch from event ${first_seq} cannot follow event ${last}`);
    }
    last = last_seq;
  }
  if (lines.length === 0) {
    throw new Error(`the log ends at event ${after}, before the run's end`);
  }
}

function partsOf(lines: ArchiveLines["lines"]): ArchiveLines["lines"][] {
  const parts: ArchiveLines["lines"][] = [[]];
  let chars = 0;
  for (const line of lines) {
    if (chars > 0 && chars + line.json.length > PART_CHARS) {
      parts.push([]);
      chars = 0;
    }
    parts.at(-1)?.push(line);
    chars += line.json.length;
  }
  return parts;
}
