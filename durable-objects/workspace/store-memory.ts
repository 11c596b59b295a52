import type { Changes } from "./core/admission-changes.ts";
import type { FiguresData } from "./core/figures.ts";
import type { StoredKey } from "./core/idempotency.ts";
import { ALL_HOURS } from "./core/predictor.ts";
import type { FiguresRow } from "./core/predictor.ts";
import type { RunEntry } from "./core/run-entry.ts";
import type { PastStart } from "./core/start-log.ts";
import type { Outlier } from "./protocol.ts";
import { KEPT_OUTLIERS } from "./store.ts";
import type { WorkspaceStore } from "./store.ts";

/** A store in memory, for simulation and tests of what stands on the port. Values are copied in and out as JSON, as SQLite does. */
export class MemoryWorkspaceStore implements WorkspaceStore {
  readonly #runs = new Map<string, string>();
  readonly #keys = new Map<string, StoredKey>();
  readonly #figures = new Map<string, FiguresRow>();
  #starts: (PastStart & { execution_id: string })[] = [];
  #outliers: (Outlier & { graph_id: string })[] = [];

  runs(): RunEntry[] {
    const runs = [...this.#runs.values()].map((json) => JSON.parse(json) as RunEntry);
    return runs.sort((a, b) => a.queuedAt - b.queuedAt || (a.ticket.execution_id < b.ticket.execution_id ? -1 : 1));
  }

  starts(): PastStart[] {
    return this.#starts
      .map(({ graph_id, key, at }) => ({ graph_id, key, at }))
      .sort((a, b) => (a.graph_id === b.graph_id ? a.at - b.at : a.graph_id < b.graph_id ? -1 : 1));
  }

  commit(changes: Changes, key?: StoredKey & { key: string }): void {
    for (const entry of changes.put) {
      this.#runs.set(entry.ticket.execution_id, JSON.stringify(entry));
    }
    for (const id of changes.remove) {
      this.#runs.delete(id);
    }
    this.#starts.push(...changes.starts);
    for (const { graph_id, upTo } of changes.prune) {
      this.#starts = this.#starts.filter((start) => start.graph_id !== graph_id || start.at > upTo);
    }
    if (key !== undefined) {
      const { key: name, ...stored } = key;
      this.#keys.set(name, stored);
    }
  }

  key(key: string): StoredKey | undefined {
    return this.#keys.get(key);
  }

  hasKeys(): boolean {
    return this.#keys.size > 0;
  }

  sweepKeys(now: number): void {
    for (const [key, { expires_at }] of this.#keys) {
      if (expires_at <= now) {
        this.#keys.delete(key);
      }
    }
  }

  readFigures(subject: string, hour: number): FiguresData | undefined {
    return structuredClone(this.#figures.get(`${subject} ${hour}`)?.data);
  }

  *blockFigures(): Iterable<[string, FiguresData]> {
    for (const { subject, hour, data } of this.#figures.values()) {
      if (subject.startsWith("b:") && hour === ALL_HOURS) {
        yield [subject.slice(2), structuredClone(data)];
      }
    }
  }

  writeFigures(rows: readonly FiguresRow[]): void {
    for (const row of rows) {
      this.#figures.set(`${row.subject} ${row.hour}`, structuredClone(row));
    }
  }

  addOutlier(outlier: Outlier & { graph_id: string }): void {
    const { graph_id } = outlier;
    const own = [...this.#outliers.filter((each) => each.graph_id === graph_id), outlier].sort((a, b) => b.at - a.at);
    this.#outliers = [...this.#outliers.filter((each) => each.graph_id !== graph_id), ...own.slice(0, KEPT_OUTLIERS)];
  }

  outliers(graphId: string): Outlier[] {
    return this.#outliers
      .filter(({ graph_id }) => graph_id === graphId)
      .map(({ execution_id, duration_ms, p99_ms, at }) => ({ execution_id, duration_ms, p99_ms, at }));
  }
}
