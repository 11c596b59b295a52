import type { JsonValue } from "../json.ts";
import { getOwn, setOwn } from "../own-property.ts";
import { selectOutput } from "../pins/dynamic-pins.ts";
import type { ExecutionEvent } from "./event.ts";
import {
  emptyRunView,
  KEPT_EXECUTIONS,
  KEPT_VALUES,
  type NodeExecutionRunView,
  type NodeRunView,
  type RunView,
  type ViewLink,
} from "./run-view.ts";
import { type ExecutionStatus, isTerminal } from "./status.ts";
import { addUsage } from "./usage.ts";

/**
 * One event folded into a view; the given view is not changed, and what the event does not touch is shared. An event
 * that the view has already (`seq` ≤ `last_seq`) gives the same view back. Costs time in the number of nodes: for
 * streams use {@link RunViewBuilder}.
 */
export function foldEvent(view: RunView, event: ExecutionEvent, links: readonly ViewLink[] = []): RunView {
  return foldEvents(view, [event], links);
}

/** A batch of events folded into a view, in time linear in the events plus the size of the view. */
export function foldEvents(view: RunView, events: Iterable<ExecutionEvent>, links: readonly ViewLink[] = []): RunView {
  const builder = new RunViewBuilder(links, view);
  for (const event of events) {
    builder.add(event);
  }
  return builder.snapshot();
}

type EventOf<T extends ExecutionEvent["type"]> = Extract<ExecutionEvent, { type: T }>;
type NodeEvent = Extract<ExecutionEvent, { node_execution_id: string }>;

/**
 * Folds a stream of events, each in constant time, and hands out immutable snapshots: what has changed since the last
 * snapshot is new, all else is the same object as before (so that a component can compare by identity). Take a snapshot
 * per frame, not per event: the first change after one copies the containers that it touches.
 */
export class RunViewBuilder {
  #view: RunView;
  /** Objects made since the last snapshot, which may be written to. */
  #own = new Set<object>();
  readonly #links: ReadonlyMap<string, ViewLink[]>;

  constructor(links: readonly ViewLink[] = [], view: RunView = emptyRunView()) {
    this.#view = view;
    const bySource = new Map<string, ViewLink[]>();
    for (const link of links) {
      const group = bySource.get(link.source_id);
      if (group === undefined) {
        bySource.set(link.source_id, [link]);
      } else {
        group.push(link);
      }
    }
    this.#links = bySource;
  }

  snapshot(): RunView {
    this.#own.clear();
    return this.#view;
  }

  /** False when the event had been folded in before. */
  add(event: ExecutionEvent): boolean {
    if (event.seq <= this.#view.last_seq) {
      return false;
    }
    this.#view = this.#writable(this.#view, copyObject);
    this.#view.missed += event.seq - this.#view.last_seq - 1;
    this.#view.last_seq = event.seq;
    this.#fold(event);
    return true;
  }

  #fold(event: ExecutionEvent): void {
    const view = this.#view;
    switch (event.type) {
      case "execution_started":
        view.status = "QUEUED";
        view.graph_id = event.graph_id;
        view.graph_version = event.graph_version;
        view.inputs = event.inputs;
        view.created_at = event.at;
        return;
      case "execution_running":
        view.status = "RUNNING";
        return;
      case "execution_review":
        view.status = "REVIEW";
        return;
      case "execution_paused":
      case "execution_unpaused":
        view.paused = event.type === "execution_paused";
        return;
      case "execution_output":
        view.outputs = this.#writable(view.outputs, copyObject);
        this.#append(view.outputs, event.name, event.value);
        return;
      case "execution_completed":
        this.#end("COMPLETED", event);
        return;
      case "execution_failed":
        this.#end("FAILED", event);
        view.error = event.error;
        return;
      case "execution_terminated":
        this.#end("TERMINATED", event);
        view.reason = event.reason;
        return;
      default:
        this.#foldNodeEvent(event);
    }
  }

  #end(
    status: ExecutionStatus,
    event: EventOf<"execution_completed" | "execution_failed" | "execution_terminated">,
  ): void {
    this.#view.status = status;
    this.#view.paused = false;
    this.#view.stats = event.stats;
    this.#view.ended_at = event.at;
  }

  #foldNodeEvent(event: Exclude<NodeEvent, EventOf<"execution_output">>): void {
    const node = this.#node(event.node_id);
    const execution = this.#execution(node, event.node_execution_id);
    countUsage(node, execution, event);
    switch (event.type) {
      case "node_input":
        this.#input(execution, event);
        setStatus(node, execution, "INCOMPLETE");
        return;
      case "node_queued":
        execution.input = event.input;
        execution.queued_at = event.at;
        node.last_input = event.input;
        node.executions += 1;
        setStatus(node, execution, "QUEUED");
        return;
      case "node_started":
        execution.attempt = event.attempt;
        execution.started_at ??= event.at;
        execution.retry_at = null;
        setStatus(node, execution, "RUNNING");
        return;
      case "node_output":
        this.#output(node, execution, event);
        return;
      case "node_retrying":
        execution.error = event.error;
        execution.retry_at = event.retry_at;
        setStatus(node, execution, "QUEUED");
        return;
      case "node_waiting":
        execution.waiting = { kind: event.kind, until: event.until, payload: event.payload };
        setStatus(node, execution, event.kind === "review" ? "REVIEW" : "RUNNING");
        return;
      case "node_resumed":
        execution.waiting = null;
        setStatus(node, execution, "QUEUED");
        return;
      case "node_completed":
        execution.error = null;
        execution.reused = event.reused ?? null;
        node.error = null;
        endExecution(node, execution, { status: "COMPLETED", at: event.at, durationMs: event.duration_ms });
        return;
      case "node_failed":
        execution.error = event.error;
        execution.handled = event.handled;
        node.error = event.error;
        endExecution(node, execution, { status: "FAILED", at: event.at, durationMs: event.duration_ms });
        return;
      case "node_terminated":
        endExecution(node, execution, { status: "TERMINATED", at: event.at, durationMs: null });
        return;
      default: {
        // A newer server may send events that this code does not know; they change nothing here.
        event satisfies never;
      }
    }
  }

  #output(node: NodeRunView, execution: NodeExecutionRunView, event: EventOf<"node_output">): void {
    execution.outputs = this.#writable(execution.outputs, copyObject);
    const values = this.#append(execution.outputs, event.pin, event.value);
    if (values.length > KEPT_VALUES) {
      values.shift();
    }
    node.last_outputs = execution.outputs;
    node.output_counts = this.#writable(node.output_counts, copyObject);
    setOwn(node.output_counts, event.pin, (getOwn(node.output_counts, event.pin) ?? 0) + 1);
    for (const link of this.#links.get(event.node_id) ?? []) {
      const sink = { node_id: link.sink_id, pin: link.sink_name };
      if (selectOutput(event.pin, event.value, link.source_name, sink).matched) {
        this.#view.edges = this.#writable(this.#view.edges, copyMap);
        const count = (this.#view.edges.get(link.id)?.count ?? 0) + 1;
        this.#view.edges.set(link.id, { count, last_seq: event.seq });
      }
    }
  }

  /** The node's view, ready to be written to. */
  #node(nodeId: string): NodeRunView {
    this.#view.nodes = this.#writable(this.#view.nodes, copyMap);
    const known = this.#view.nodes.get(nodeId);
    const node = known === undefined ? this.#fresh(emptyNodeView(nodeId)) : this.#writable(known, copyObject);
    if (node !== known) {
      this.#view.nodes.set(nodeId, node);
    }
    node.recent = this.#writable(node.recent, copyList);
    node.counts = this.#writable(node.counts, copyObject);
    node.active = this.#writable(node.active, copyMap);
    return node;
  }

  /** The execution's view, ready to be written to and moved to the end of the node's recent ones. */
  #execution(node: NodeRunView, id: string): NodeExecutionRunView {
    const index = node.recent.findLastIndex((execution) => execution.node_execution_id === id);
    const [known] = index < 0 ? [] : node.recent.splice(index, 1);
    const execution =
      known === undefined
        ? this.#fresh(emptyExecutionView(id, node.active.get(id)))
        : this.#writable(known, copyObject);
    node.recent.push(execution);
    if (node.recent.length > KEPT_EXECUTIONS) {
      node.recent.shift();
    }
    return execution;
  }

  /** Of a pin that gathers the last values: all of them come with the event that queues the node. */
  #input(execution: NodeExecutionRunView, { pin, value, gathered }: EventOf<"node_input">): void {
    execution.input = this.#writable(execution.input, copyObject);
    if (gathered !== true) {
      setOwn(execution.input, pin, value);
      return;
    }
    const known = getOwn(execution.input, pin);
    const list = this.#writable(Array.isArray(known) ? known : [], copyList);
    list.push(value);
    if (list.length > KEPT_VALUES) {
      list.shift();
    }
    setOwn(execution.input, pin, list);
  }

  #append(lists: Record<string, JsonValue[]>, key: string, value: JsonValue): JsonValue[] {
    const list = this.#writable(getOwn(lists, key) ?? [], copyList);
    list.push(value);
    setOwn(lists, key, list);
    return list;
  }

  #writable<T extends object>(object: T, copy: (object: T) => T): T {
    return this.#own.has(object) ? object : this.#fresh(copy(object));
  }

  #fresh<T extends object>(object: T): T {
    this.#own.add(object);
    return object;
  }
}

function setStatus(node: NodeRunView, execution: NodeExecutionRunView, status: ExecutionStatus): void {
  const before = node.active.get(execution.node_execution_id);
  if (before !== undefined) {
    node.counts[before] -= 1;
  }
  node.counts[status] += 1;
  execution.status = status;
  if (isTerminal(status)) {
    node.active.delete(execution.node_execution_id);
  } else {
    node.active.set(execution.node_execution_id, status);
  }
  node.status = nodeStatus(node, status);
}

function nodeStatus(node: NodeRunView, latest: ExecutionStatus): ExecutionStatus {
  const live = (["RUNNING", "QUEUED", "REVIEW"] as const).find((status) => node.counts[status] > 0);
  if (live !== undefined || isTerminal(latest)) {
    return live ?? latest;
  }
  // Only values that wait for others are left: what the node came to before says more.
  return isTerminal(node.status) ? node.status : latest;
}

/** Nothing of what was not run: whoever it was taken from has used it. */
function countUsage(node: NodeRunView, execution: NodeExecutionRunView, event: NodeEvent): void {
  const taken = event.type === "node_completed" && event.reused !== undefined;
  if ("usage" in event && !taken) {
    execution.usage = addUsage(execution.usage ?? undefined, event.usage) ?? null;
    node.usage = addUsage(node.usage ?? undefined, event.usage) ?? null;
  }
}

interface Ending {
  status: ExecutionStatus;
  at: string;
  durationMs: number | null;
}

function endExecution(node: NodeRunView, execution: NodeExecutionRunView, { status, at, durationMs }: Ending): void {
  execution.ended_at = at;
  execution.duration_ms = durationMs;
  execution.retry_at = null;
  execution.waiting = null;
  node.duration_ms += durationMs ?? 0;
  setStatus(node, execution, status);
}

function emptyNodeView(nodeId: string): NodeRunView {
  return {
    node_id: nodeId,
    status: "INCOMPLETE",
    executions: 0,
    counts: { INCOMPLETE: 0, QUEUED: 0, RUNNING: 0, REVIEW: 0, COMPLETED: 0, TERMINATED: 0, FAILED: 0 },
    last_input: null,
    last_outputs: {},
    error: null,
    duration_ms: 0,
    usage: null,
    output_counts: {},
    recent: [],
    active: new Map(),
  };
}

function emptyExecutionView(nodeExecutionId: string, status: ExecutionStatus = "INCOMPLETE"): NodeExecutionRunView {
  return {
    node_execution_id: nodeExecutionId,
    status,
    attempt: 0,
    input: {},
    outputs: {},
    error: null,
    handled: false,
    queued_at: null,
    started_at: null,
    ended_at: null,
    duration_ms: null,
    usage: null,
    reused: null,
    retry_at: null,
    waiting: null,
  };
}

function copyObject<T extends object>(object: T): T {
  return { ...object };
}

function copyMap<K, V>(map: Map<K, V>): Map<K, V> {
  return new Map(map);
}

function copyList<T>(list: T[]): T[] {
  return [...list];
}
