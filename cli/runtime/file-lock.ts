import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface FileLock {
  release(): void;
}

/**
 * Takes an exclusive lock that the operating system drops when this process ends, however it ends. It is the lock of a SQLite
 * file, because Node has no flock of its own: no stale lock files, no reused process ids.
 * Returns null when another process (or another lock of this one) holds it for longer than `waitMs`.
 */
export function takeFileLock(path: string, waitMs = 0): FileLock | null {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: waitMs });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) return null;
    throw error;
  }
  return { release: () => database.close() };
}
