import { canonicalJson } from "#graph/canonical-json.ts";
import type { JsonObject } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import { effectiveInput } from "./effective-input.ts";
import { Fifo } from "./fifo.ts";
import type { NodeExecution } from "./state.ts";
import type { Output } from "./stored-value.ts";

/** The result of a node execution of an earlier run. Found again by its node and its input; the k-th of equal ones serves the k-th time. */
export interface MemoEntry {
  node_id: string;
  /** `memoKey` of the input. */
  key: string;
  outputs: Output[];
  usage?: NodeUsage;
}

/** Values laid over the input of one execution of a node: the one that is queued after `ordinal` others of it. */
export interface Override {
  node_id: string;
  ordinal: number;
  inputs: JsonObject;
}

/** What a run that was started from another one has from it. Part of the run's header. */
export interface Reuse {
  memo: MemoEntry[];
  override?: Override;
}

/** A book's state as plain JSON: the entries it has given away, and how many executions of the overridden node were queued. */
export interface SavedReuse {
  taken: number[];
  seen: number;
}

export function memoKey(input: JsonObject): string {
  return canonicalJson(input);
}

/** The results that a run may still take over from an earlier one. A function of the header and the log: only `evolve` changes it. */
export class ReuseBook {
  readonly #entries: readonly MemoEntry[];
  readonly #left = new Map<string, Fifo<number>>();
  readonly #nodes: ReadonlySet<number>;
  readonly #override: { node: number; ordinal: number; inputs: JsonObject } | null;
  #taken: number[] = [];
  #seen = 0;

  constructor(plan: Plan, { memo, override }: Reuse, saved: SavedReuse = { taken: [], seen: 0 }) {
    const indexes = new Map(plan.nodes.map(({ id }, index) => [id, index]));
    const taken = new Set(saved.taken);
    const nodes = new Set<number>();
    this.#entries = memo;
    for (const [index, { node_id, key }] of memo.entries()) {
      const node = indexes.get(node_id);
      if (node !== undefined && !taken.has(index)) {
        nodes.add(node);
        this.#queueOf(node, key).push(index);
      }
    }
    this.#nodes = nodes;
    const node = override === undefined ? undefined : indexes.get(override.node_id);
    this.#override = override === undefined || node === undefined ? null : { ...override, node };
    this.#taken = [...saved.taken];
    this.#seen = saved.seen;
  }

  /** The values to lay over the input of the node's next execution, if it is the one that was asked for. */
  overlay(node: number): JsonObject | undefined {
    return this.#override?.node === node && this.#override.ordinal === this.#seen ? this.#override.inputs : undefined;
  }

  /** An execution of the node was queued. */
  queued(node: number): void {
    if (this.#override?.node === node) {
      this.#seen += 1;
    }
  }

  /** The result that this execution has from the earlier run. */
  find(execution: NodeExecution): MemoEntry | undefined {
    if (!this.#nodes.has(execution.node)) {
      return undefined;
    }
    const index = this.#left.get(nameOf(execution.node, memoKey(effectiveInput(execution))))?.peek();
    return index === undefined ? undefined : this.#entries[index];
  }

  /** The execution has taken its result over. */
  take(execution: NodeExecution): void {
    const index = this.#left.get(nameOf(execution.node, memoKey(effectiveInput(execution))))?.shift();
    if (index === undefined) {
      throw new Error(`the log takes over a result for node execution ${execution.id}, which the run does not have`);
    }
    this.#taken.push(index);
  }

  save(): SavedReuse {
    return { taken: [...this.#taken], seen: this.#seen };
  }

  #queueOf(node: number, key: string): Fifo<number> {
    const name = nameOf(node, key);
    const queue = this.#left.get(name) ?? new Fifo<number>();
    this.#left.set(name, queue);
    return queue;
  }
}

function nameOf(node: number, key: string): string {
  return `${node} ${key}`;
}
