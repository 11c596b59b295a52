import type { LiveEntry, RunEntry } from "./run-entry.ts";
import type { PastStart } from "./start-log.ts";

/** What the workspace asks of a run's object. Repeated until it is answered. */
export type Command = { execution_id: string; workspace_id: string } & (
  | { type: "admit" }
  | { type: "cancel"; reason: string }
);

/** What is to be stored, in one transaction, and to be done after it. */
export interface Changes {
  put: RunEntry[];
  remove: string[];
  starts: (PastStart & { execution_id: string })[];
  /** Starts of an agent up to this time are forgotten. */
  prune: { graph_id: string; upTo: number }[];
  commands: Command[];
}

/** Collects changes between two commits. */
export class ChangeCollector {
  readonly #put = new Map<string, LiveEntry>();
  readonly #remove = new Set<string>();
  readonly #prune = new Map<string, number>();
  #starts: Changes["starts"] = [];
  #commands: Command[] = [];

  put(entry: LiveEntry): void {
    this.#remove.delete(entry.ticket.execution_id);
    this.#put.set(entry.ticket.execution_id, entry);
  }

  remove(id: string): void {
    this.#put.delete(id);
    this.#remove.add(id);
  }

  started(start: PastStart & { execution_id: string }): void {
    this.#starts.push(start);
  }

  pruned(graphId: string, upTo: number): void {
    this.#prune.set(graphId, upTo);
  }

  command(command: Command): void {
    this.#commands.push(command);
  }

  take(): Changes {
    const put = [...this.#put.values()].map(({ checkAt: _check, tries: _tries, charged: _charged, ...entry }) => entry);
    const changes = {
      put,
      remove: [...this.#remove],
      starts: this.#starts,
      prune: [...this.#prune].map(([graph_id, upTo]) => ({ graph_id, upTo })),
      commands: this.#commands,
    };
    this.#put.clear();
    this.#remove.clear();
    this.#prune.clear();
    this.#starts = [];
    this.#commands = [];
    return changes;
  }
}
