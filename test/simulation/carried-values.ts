import type { LogEvent, ValueRef } from "#durable-objects/execution/core/log-event.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { nodeOf } from "./log-entry.ts";
import type { EventOf } from "./log-entry.ts";
import { must, Violation } from "./violation.ts";

/** What links bring to pins, looked up in the log that names it. */
export class CarriedValues {
  readonly #plan: Plan;
  readonly #events: readonly LogEvent[];
  /** By node: values that arrived to be gathered and are in no list. */
  readonly #gathered = new Map<number, ValueRef[]>();

  /** `events`: the log, as far as it is read. */
  constructor(plan: Plan, events: readonly LogEvent[]) {
    this.#plan = plan;
    this.#events = events;
  }

  /** A value at a pin comes from an earlier output that a link carries there. */
  at({ node }: { node: number }, pin: string, ref: ValueRef): JsonValue {
    const [seq, name] = typeof ref === "number" ? [ref, null] : ref;
    const output = this.#events[seq - 1];
    if (output?.type !== "node_output") {
      throw new Violation("inputs-first", `pin ${pin} of node ${node} names event ${seq}, which is no output`);
    }
    const carried = nodeOf(this.#plan, output.node).links.some(
      (link) => link.sink === node && link.sink_name === pin && link.source_name === (name ?? output.pin),
    );
    must(carried, "inputs-first", () => `no link carries event ${seq} to pin ${pin} of node ${node}`);
    const key = name?.split("_#_")[1];
    return key === undefined ? output.value : ((output.value as JsonObject)[key] ?? null);
  }

  /** A value has arrived; where its pin gathers, a list will have it. */
  gather({ node, pin, ref }: EventOf<"node_input">): void {
    if (pin === nodeOf(this.#plan, node).gathers?.pin) {
      this.#gathered.set(node, [...(this.#gathered.get(node) ?? []), ref]);
    }
  }

  /** A list has the values that arrived at its node, in their order, each in one list. */
  list(event: EventOf<"node_queued">, refs: ValueRef[], pin: string): JsonValue[] {
    const held = this.#gathered.get(event.node)?.splice(0, refs.length) ?? [];
    must(
      JSON.stringify(refs) === JSON.stringify(held),
      "inputs-first",
      () => `${event.ne} takes ${JSON.stringify(refs)} where ${JSON.stringify(held)} arrived`,
    );
    return refs.map((ref) => this.at(event, pin, ref));
  }
}
