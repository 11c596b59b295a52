import { ReferenceInterpreter } from "#durable-objects/execution/core/reference-interpreter.testkit.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { nodeOf } from "./log-entry.ts";
import type { Entry } from "./log-entry.ts";
import type { MemoModel } from "./rerun-model.ts";
import { must, Violation } from "./violation.ts";

/** The log that is compared. */
interface Followed {
  readonly plan: Plan;
  readonly entries: ReadonlyMap<string, Entry>;
  /** In the order in which they were queued. */
  readonly queued: readonly string[];
  readonly isCutShort: boolean;
  queuedOf(node: number): Entry[];
}

/** What the reference interpreter makes of the commits that it is told of, and the log against it. */
export class AgainstReference {
  readonly #log: Followed;
  readonly #memo: MemoModel | null;
  /**
   * Results that are at hand come several at a time, before the first of their outputs travels. The interpreter, which hears of them one after the other, then
   * makes a list of all values earlier than the engine does, though of the same values. There is no order between different nodes (rule FF1): where that may
   * happen, each node is compared for itself.
   */
  readonly #nodeByNode: boolean;
  #reference: ReferenceInterpreter | null = null;

  constructor(log: Followed, memo: MemoModel | null) {
    this.#log = log;
    this.#memo = memo;
    this.#nodeByNode = memo !== null && log.plan.nodes.some(({ gathers }) => gathers?.until === "end");
  }

  begin(inputs: JsonObject): void {
    this.#reference = new ReferenceInterpreter(this.#log.plan, inputs);
  }

  output(entry: Entry, pin: string, value: JsonValue): void {
    this.#reference?.output(this.#idOf(entry), pin, value);
  }

  complete(entry: Entry): void {
    this.#reference?.complete(this.#idOf(entry));
  }

  /** It ended and did not complete. */
  end(entry: Entry): void {
    this.#reference?.end(this.#idOf(entry));
  }

  /** What is queued is what the reference interpreter says, in its order. */
  checkQueued(): void {
    if (this.#nodeByNode) {
      return this.#checkQueuedByNode();
    }
    const reference = this.#reference?.queued ?? [];
    const { entries, queued } = this.#log;
    const expected = this.#log.isCutShort ? reference.slice(0, queued.length) : reference;
    const same = expected.length === queued.length && expected.every(({ id }, index) => id === queued[index]);
    must(same, "reference", () => `queued: ${queued.join(" ")}\nreference: ${expected.map(({ id }) => id).join(" ")}`);
    for (const [index, { id, node, input }] of expected.entries()) {
      const entry = entries.get(id);
      const isSame = entry?.node === node && sameInput(entry.input, { ...input, ...entry.laid });
      must(
        isSame,
        "reference",
        () => `execution ${index}, ${id}: ${JSON.stringify(entry)}, reference: node ${node}, ${JSON.stringify(input)}`,
      );
    }
  }

  #checkQueuedByNode(): void {
    for (const [node, { id }] of this.#log.plan.nodes.entries()) {
      const given = this.#log.queuedOf(node);
      const reference = this.#reference?.queued.filter((execution) => execution.node === node) ?? [];
      const expected = this.#log.isCutShort ? reference.slice(0, given.length) : reference;
      const isSame =
        given.length === expected.length &&
        expected.every(({ input }, index) =>
          sameInput(given[index]?.input ?? null, { ...input, ...given[index]?.laid }),
        );
      must(isSame, "reference", () => `${id}: ${JSON.stringify(given)}\nreference: ${JSON.stringify(expected)}`);
    }
  }

  /** The name that the reference has for it. */
  #idOf({ ne, node, ordinal }: Entry): string {
    if (!this.#nodeByNode) {
      return ne;
    }
    const execution = this.#reference?.queued.filter((candidate) => candidate.node === node)[ordinal];
    if (execution === undefined) {
      throw new Violation(
        "reference",
        `${ne} is execution ${ordinal} of node ${node}, which the reference does not have`,
      );
    }
    return execution.id;
  }

  /** The run's outputs as the reference has them. */
  get outputs(): Record<string, JsonValue[]> {
    if (this.#memo?.override === undefined) {
      return this.#reference?.runOutputs ?? {};
    }
    // The interpreter knows nothing of forks: what they lay over an output node's value is laid here.
    const outputs: Record<string, JsonValue[]> = {};
    const ordinals = new Map<number, number>();
    for (const { node, input } of this.#reference?.queued ?? []) {
      const { id, ui_type, input_default } = nodeOf(this.#log.plan, node);
      const ordinal = ordinals.get(node) ?? 0;
      ordinals.set(node, ordinal + 1);
      if (ui_type === "Output") {
        const { name, value } = { ...input_default, ...input, ...this.#memo.overlay(id, ordinal) };
        (outputs[String(name)] ??= []).push(value ?? null);
      }
    }
    return outputs;
  }
}

function sameInput(a: JsonObject | null, b: JsonObject): boolean {
  const names = Object.keys(b);
  return (
    a !== null &&
    Object.keys(a).length === names.length &&
    names.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]))
  );
}
