import type { Changes } from "./core/admission-changes.ts";
import type { FiguresData } from "./core/figures.ts";
import type { StoredKey } from "./core/idempotency.ts";
import type { FiguresRow, FiguresStore } from "./core/predictor.ts";
import type { RunEntry } from "./core/run-entry.ts";
import type { PastStart } from "./core/start-log.ts";
import type { Outlier } from "./protocol.ts";

/** Runs of an agent that stood out, as many as are kept. */
export const KEPT_OUTLIERS = 20;

/**
 * Where one workspace keeps its runs, keys and figures. Synchronous and transactional. Rules WS1 to WS4 of SPEC.md; every implementation passes
 * store-contract.testkit.ts.
 */
export interface WorkspaceStore extends FiguresStore {
  /** Runs in the order in which they came to wait. */
  runs(): RunEntry[];
  /** Starts of throttled agents, oldest first. */
  starts(): PastStart[];
  /** Applies what a decision changed, and the key that came with it: all or nothing. */
  commit(changes: Changes, key?: StoredKey & { key: string }): void;
  key(key: string): StoredKey | undefined;
  hasKeys(): boolean;
  /** Forgets keys that have expired. */
  sweepKeys(now: number): void;
  readFigures(subject: string, hour: number): FiguresData | undefined;
  writeFigures(rows: readonly FiguresRow[]): void;
  addOutlier(outlier: Outlier & { graph_id: string }): void;
  /** Newest first. */
  outliers(graphId: string): Outlier[];
}
