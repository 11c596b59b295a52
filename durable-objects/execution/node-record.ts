import type { JsonObject, JsonValue } from "#graph/json.ts";
import { getOwn, setOwn } from "#graph/own-property.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import { addUsage } from "#graph/run/usage.ts";
import type { WaitKind } from "#graph/run/wait.ts";
import type { LogEvent } from "./core/log-event.ts";
import { gathersAt, queuedInput } from "./present.ts";
import type { EventLookup } from "./present.ts";
import type { NodeExecutionView } from "./protocol.ts";
import { shown, shownRecord } from "./shown-value.ts";

/** A node execution as the log tells it, event by event. */
export class NodeRecord {
  readonly view: NodeExecutionView;
  /** Index in `Plan.nodes`. */
  readonly node: number;
  readonly #plan: Plan;
  readonly #executionId: string;
  /** What it waits for. */
  wait: WaitKind | null = null;

  constructor(plan: Plan, { ne, node }: { ne: string; node: number }, executionId: string) {
    this.#plan = plan;
    this.#executionId = executionId;
    this.node = node;
    this.view = {
      node_execution_id: ne,
      node_id: plan.nodes[node]?.id ?? "",
      block_id: plan.nodes[node]?.block_id ?? "",
      status: "INCOMPLETE",
      attempt: 0,
      input: {},
      output: {},
      error: null,
      usage: null,
      reused: null,
      queued_at: null,
      started_at: null,
      ended_at: null,
      duration_ms: null,
    };
  }

  add(event: LogEvent, at: number, lookup: EventLookup): void {
    const { view } = this;
    const time = new Date(at).toISOString();
    switch (event.type) {
      case "node_input":
        this.#addInput(event, lookup);
        return;
      case "node_queued":
        view.status = "QUEUED";
        view.input = this.#input(event, lookup);
        view.queued_at = time;
        return;
      case "node_started":
        view.status = "RUNNING";
        view.attempt = event.attempt;
        view.started_at = time;
        return;
      case "node_output":
        addOutput(view.output, event.pin, shown(event.value, this.#executionId));
        return;
      case "node_retrying":
        view.status = "QUEUED";
        view.error = event.error;
        this.#count(event.usage);
        return;
      case "node_waiting":
        this.#count(event.usage);
        view.status = event.wait.kind === "review" ? "REVIEW" : "RUNNING";
        this.wait = event.wait.kind;
        return;
      case "node_resumed":
        view.status = "QUEUED";
        this.wait = null;
        return;
      case "node_completed":
      case "node_failed":
        view.status = event.type === "node_completed" ? "COMPLETED" : "FAILED";
        view.error = event.type === "node_failed" ? event.error : null;
        view.duration_ms = event.duration_ms;
        this.#count(event.usage);
        view.reused = event.type === "node_completed" ? (event.reused ?? null) : null;
        view.ended_at = time;
        this.wait = null;
        return;
      case "node_terminated":
        this.#count(event.usage);
        view.status = "TERMINATED";
        view.ended_at = time;
        this.wait = null;
        return;
      default:
    }
  }

  /** Over all attempts. */
  #count(usage: NodeUsage | undefined): void {
    this.view.usage = addUsage(this.view.usage ?? undefined, usage) ?? null;
  }

  #addInput(event: Extract<LogEvent, { type: "node_input" }>, lookup: EventLookup): void {
    const input = this.#input({ ...event, type: "node_queued", refs: [[event.pin, event.ref]] }, lookup);
    if (!gathersAt(this.#plan, event)) {
      Object.assign(this.view.input, input);
      return;
    }
    const list = getOwn(this.view.input, event.pin);
    const value = getOwn(input, event.pin) ?? null;
    if (Array.isArray(list)) {
      list.push(value);
    } else {
      setOwn(this.view.input, event.pin, [value]);
    }
  }

  #input(event: Parameters<typeof queuedInput>[0], lookup: EventLookup): JsonObject {
    return shownRecord(queuedInput(event, { plan: this.#plan, lookup }), this.#executionId);
  }
}

function addOutput(output: Record<string, JsonValue[]>, pin: string, value: JsonValue): void {
  if (Object.hasOwn(output, pin)) {
    output[pin]?.push(value);
  } else {
    setOwn(output, pin, [value]);
  }
}
