import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan, PlanLink } from "#graph/plan/plan.ts";

/**
 * A second reading of autogpt.md §4, written for plainness and sharing no code with the core: no events, no queues, lists
 * searched from the front. It is told what was committed, in the order of the commits, and says what must have come of it.
 * Understands exact pins and one `_#_` key per source name.
 */
export interface ReferenceExecution {
  id: string;
  node: number;
  state: "waiting" | "open" | "completed" | "failed";
  input: JsonObject;
  outputs: { pin: string; value: JsonValue; sent: boolean }[];
}

export class ReferenceInterpreter {
  readonly executions: ReferenceExecution[] = [];
  readonly runOutputs: Record<string, JsonValue[]> = {};
  /** Executions in the order in which they were queued. */
  readonly queued: ReferenceExecution[] = [];
  /** By node that gathers: values that no execution has taken. */
  readonly #gathered = new Map<number, JsonValue[]>();
  readonly #plan: Plan;

  constructor(plan: Plan, inputs: JsonObject) {
    this.#plan = plan;
    for (const [index, node] of plan.nodes.entries()) {
      if (plan.starts.includes(index)) {
        const execution = this.#create(index);
        const name = node.input_default.name;
        if (node.ui_type === "Input" && typeof name === "string" && name in inputs) {
          execution.input.value = inputs[name] ?? null;
        }
        this.#queue(execution);
      }
    }
  }

  output(id: string, pin: string, value: JsonValue): void {
    this.#find(id).outputs.push({ pin, value, sent: false });
    this.#send(this.#find(id).node);
  }

  complete(id: string): void {
    this.#find(id).state = "completed";
    this.#send(this.#find(id).node);
    this.#fireAll();
  }

  /** The execution failed; its `error` output was told before. */
  end(id: string): void {
    this.#find(id).state = "failed";
    this.#send(this.#find(id).node);
    this.#fireAll();
  }

  /** Rule GA3: what gathers until the end is queued when nothing before it is left. */
  #fireAll(): void {
    for (;;) {
      const due = this.#plan.nodes.flatMap((_, node) => (this.#isDue(node) ? [node] : []));
      const first = due.find((node) => !due.some((other) => other !== node && this.#before(node).has(other)));
      if (first === undefined) {
        return;
      }
      const open = this.executions.find(({ node, state }) => node === first && state === "waiting");
      this.#takeList(open ?? this.#create(first), this.#gathered.get(first)?.length ?? 0);
    }
  }

  #isDue(node: number): boolean {
    if (this.#plan.nodes[node]?.gathers?.until !== "end" || this.queued.some((execution) => execution.node === node)) {
      return false;
    }
    const before = this.#before(node);
    const reached = this.queued.filter((execution) => before.has(execution.node));
    return (
      reached.length > 0 && reached.every(({ state, outputs }) => state !== "open" && outputs.every(({ sent }) => sent))
    );
  }

  /** All nodes that links lead from to this one. */
  #before(node: number): Set<number> {
    const found = new Set<number>();
    const leads = (to: (sink: number) => boolean): number[] =>
      this.#plan.nodes.flatMap(({ links }, index) => (links.some(({ sink }) => to(sink)) ? [index] : []));
    for (let more = leads((sink) => sink === node); more.length > 0;) {
      more.forEach((index) => found.add(index));
      more = leads((sink) => found.has(sink)).filter((index) => !found.has(index));
    }
    return found;
  }

  #takeList(execution: ReferenceExecution, length: number): void {
    const { gathers } = this.#plan.nodes[execution.node] ?? {};
    execution.input[gathers?.pin ?? ""] = this.#gathered.get(execution.node)?.splice(0, length) ?? [];
    this.#queue(execution);
  }

  /** Rule GA2. Numbers are whole here. */
  #arriveGathering(link: PlanLink, value: JsonValue): void {
    const node = this.#plan.nodes[link.sink];
    if (node?.gathers === undefined) {
      return;
    }
    const { static_pins, linked_pins, input_default } = node;
    const { pin, count_pin, until } = node.gathers;
    const waiting = (): ReferenceExecution[] =>
      this.executions.filter(({ node, state }) => node === link.sink && state === "waiting");
    if (link.sink_name === pin) {
      const pool = this.#gathered.get(link.sink) ?? [];
      this.#gathered.set(link.sink, [...pool, value]);
      if (waiting().length === 0) {
        this.#create(link.sink);
      }
    } else {
      const target = waiting().find(({ input }) => !(count_pin in input)) ?? this.#create(link.sink);
      target.input[count_pin] = value;
    }
    while (until === "count") {
      const [oldest] = waiting();
      const last = this.queued.findLast(({ node }) => node === link.sink)?.input ?? {};
      const literal = linked_pins.includes(count_pin) ? undefined : input_default[count_pin];
      const standing = static_pins.includes(count_pin) ? last[count_pin] : literal;
      const own = oldest?.input[count_pin];
      const wanted = Number(own ?? (standing === 0 ? undefined : standing) ?? Infinity);
      if (wanted > (this.#gathered.get(link.sink)?.length ?? 0)) {
        return;
      }
      const next = oldest ?? this.#create(link.sink);
      if (static_pins.includes(count_pin)) {
        next.input[count_pin] = own ?? wanted;
      }
      this.#takeList(next, wanted);
    }
  }

  #find(id: string): ReferenceExecution {
    const found = this.executions.find((execution) => execution.id === id);
    if (found === undefined) {
      throw new Error(`the reference knows no ${id}`);
    }
    return found;
  }

  #create(node: number): ReferenceExecution {
    const id = `n${this.executions.length + 1}`;
    const execution: ReferenceExecution = { id, node, state: "waiting", input: {}, outputs: [] };
    this.executions.push(execution);
    return execution;
  }

  #queue(execution: ReferenceExecution): void {
    execution.state = "open";
    this.queued.push(execution);
    const node = this.#plan.nodes[execution.node];
    if (node?.ui_type === "Output") {
      const merged = { ...node.input_default, ...execution.input };
      (this.runOutputs[String(merged.name)] ??= []).push(merged.value ?? null);
    }
  }

  /** The oldest execution of the node that is not over sends; those after it wait until it is over. */
  #send(node: number): void {
    for (const execution of this.queued.filter((candidate) => candidate.node === node)) {
      for (const output of execution.outputs) {
        if (!output.sent) {
          output.sent = true;
          for (const link of this.#plan.nodes[node]?.links ?? []) {
            this.#travel(link, output.pin, output.value);
          }
        }
      }
      if (execution.state === "open") {
        return;
      }
    }
  }

  #travel(link: PlanLink, pin: string, value: JsonValue): void {
    if (link.source_name === pin) {
      this.#arrive(link, value);
      return;
    }
    const [base, key] = link.source_name.split("_#_");
    if (
      base === pin &&
      key !== undefined &&
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      key in value
    ) {
      this.#arrive(link, value[key] ?? null);
    }
  }

  #arrive(link: PlanLink, value: JsonValue): void {
    if (this.#plan.nodes[link.sink]?.gathers !== undefined) {
      this.#arriveGathering(link, value);
      return;
    }
    const all = this.executions.filter(({ node }) => node === link.sink);
    const target =
      all.find(({ state, input }) => state === "waiting" && !(link.sink_name in input)) ?? this.#create(link.sink);
    target.input[link.sink_name] = value;
    this.#tryQueue(target, this.queued.findLast(({ node }) => node === link.sink)?.input ?? {});
    if (link.is_static) {
      const latest = this.queued.findLast(({ node }) => node === link.sink)?.input ?? {};
      for (const waiting of all.filter(({ state, id }) => state === "waiting" && id !== target.id)) {
        this.#tryQueue(waiting, { ...latest, ...target.input });
      }
    }
  }

  #tryQueue(execution: ReferenceExecution, statics: JsonObject): void {
    const node = this.#plan.nodes[execution.node];
    const input = { ...execution.input };
    for (const pin of node?.static_pins ?? []) {
      if (!(pin in input) && pin in statics) {
        input[pin] = statics[pin] ?? null;
      }
    }
    if ((node?.linked_pins ?? []).every((pin) => pin in input)) {
      execution.input = input;
      this.#queue(execution);
    }
  }
}
