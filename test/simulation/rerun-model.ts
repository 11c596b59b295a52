import type { MemoEntry, Reuse } from "#durable-objects/execution/core/reuse.ts";
import type { ForkPoint, Outcome, Rerun } from "#durable-objects/execution/protocol.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { LogModel } from "./log-model.ts";
import { amountsOf } from "./usage-model.ts";
import type { Amounts } from "./usage-model.ts";
import { must } from "./violation.ts";
import type { World } from "./world.ts";

/** A result that is at hand. */
export interface Known {
  node: string;
  /** As text, of its values by pin. */
  input: string;
  outputs: [pin: string, value: JsonValue][];
  used: Amounts;
}

/** What a run has from an earlier one, read from its header without any code of the core. */
export class MemoModel {
  readonly #left: Known[];
  readonly #override: Reuse["override"];

  constructor(reuse: Reuse, open: (value: JsonValue) => JsonValue) {
    this.#left = reuse.memo.map((entry) => knownOf(entry, open));
    this.#override = reuse.override;
  }

  /** The values laid over the node's execution that comes after so many others (rule FK2). */
  overlay(node: string, ordinal: number): JsonObject | null {
    const { override } = this;
    return override?.node_id === node && override.ordinal === ordinal ? override.inputs : null;
  }

  get override(): Reuse["override"] {
    return this.#override;
  }

  /** Rule RU3: of equal results each serves once, in their order. */
  take(node: string, input: JsonObject): Known | null {
    const text = textOf(input);
    const index = this.#left.findIndex((known) => known.node === node && known.input === text);
    return index < 0 ? null : (this.#left.splice(index, 1)[0] ?? null);
  }
}

/** Holds what a run gives to a new one against what its log says (rules RU5, RU6, FK1 to FK3). */
export function checkRerun(
  { log, world }: { log: LogModel; world: World },
  fork: ForkPoint | null,
  outcome: Outcome<Rerun>,
): void {
  const target = fork === null ? undefined : log.entries.get(fork.node_execution_id);
  if (!outcome.ok) {
    const code = fork === null ? "execution_not_ended" : target === undefined ? "not_found" : "node_not_queued";
    const rightly = fork === null ? log.ended === null : !(target?.input ?? null);
    must(
      rightly && outcome.code === code,
      "reused-not-run",
      () => `a rerun at ${fork?.node_execution_id} is refused with ${outcome.code}`,
    );
    return;
  }
  must(
    fork === null ? log.ended !== null : target !== undefined && target.input !== null,
    "reused-not-run",
    () => `a rerun at ${fork?.node_execution_id} is granted`,
  );
  const { plan, inputs, reuse } = outcome.value;
  const open = (value: JsonValue): JsonValue => world.large?.opened(log.header.execution_id, value) ?? value;
  const [given, expected] = [
    { plan, inputs, memo: reuse.memo.map((entry) => knownOf(entry, open)), override: reuse.override ?? null },
    {
      plan: log.plan,
      inputs: log.inputs,
      memo: expectedMemo(log, fork),
      override: overrideOf(log, fork),
    },
  ].map((value) => JSON.stringify(value));
  must(given === expected, "reused-not-run", () => `a new run is given ${given}\nand should be ${expected}`);
}

function overrideOf(log: LogModel, fork: ForkPoint | null): Reuse["override"] | null {
  if (fork === null) {
    return null;
  }
  const { node_execution_id: ne, inputs } = fork;
  const node = log.entries.get(ne)?.node ?? -1;
  const before = log.queued.slice(0, log.queued.indexOf(ne));
  const ordinal = before.filter((other) => log.entries.get(other)?.node === node).length;
  return { node_id: log.plan.nodes[node]?.id ?? "", ordinal, inputs };
}

function expectedMemo(log: LogModel, fork: ForkPoint | null): Known[] {
  const target = fork === null ? undefined : log.entries.get(fork.node_execution_id);
  const follows = target === undefined ? new Set<number>() : reachable(log.plan, target.node);
  const forkedAt = target === undefined ? Infinity : log.queued.indexOf(target.ne);
  return log.queued.flatMap((ne, index) => {
    const entry = log.entries.get(ne);
    if (entry?.completed !== true || index === forkedAt || (index > forkedAt && follows.has(entry.node))) {
      return [];
    }
    const node = log.plan.nodes[entry.node]?.id ?? "";
    return [{ node, input: textOf(entry.input ?? {}), outputs: entry.outputs, used: entry.used }];
  });
}

/** The nodes that a node's links lead to, over any number of links. */
function reachable(plan: Plan, from: number): Set<number> {
  const found = new Set<number>();
  const visit = (node: number): void => {
    for (const { sink } of plan.nodes[node]?.links ?? []) {
      if (!found.has(sink)) {
        found.add(sink);
        visit(sink);
      }
    }
  };
  visit(from);
  return found;
}

function knownOf({ node_id, key, outputs, usage }: MemoEntry, open: (value: JsonValue) => JsonValue): Known {
  return {
    node: node_id,
    input: textOf(open(JSON.parse(key) as JsonValue) as JsonObject),
    outputs: outputs.map(([pin, value]) => [pin, open(value)]),
    used: amountsOf(usage),
  };
}

function textOf(input: JsonObject): string {
  return JSON.stringify(
    Object.entries(input)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([pin, value]) => [pin, ordered(value)]),
  );
}

/** Objects with their keys in order. */
function ordered(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    return value.map(ordered);
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, part]) => [key, ordered(part)]),
      )
    : value;
}
