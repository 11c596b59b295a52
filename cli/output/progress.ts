import { RunViewBuilder } from "#graph/run/fold-events.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import type { NodeRunView } from "#graph/run/run-view.ts";
import type { CommandIo } from "../command.ts";
import { eventLine } from "./event-line.ts";
import { figures } from "./figures.ts";
import { formatDuration, oneLine } from "./format-value.ts";
import { statusMark } from "./status-mark.ts";

/** Shows a run while it happens, on standard error. */
export interface Progress {
  event(event: ExecutionEvent): void;
  end(): void;
}

const REDRAW_MS = 80;
/** Events that a plain log has no use for: they repeat others, once per value. */
const QUIET = new Set<ExecutionEvent["type"]>(["node_input", "node_queued", "node_output", "execution_running"]);

/** On a terminal, a list of the nodes that is redrawn in place; elsewhere, a line for each thing that happens. */
export function createProgress(io: CommandIo, nodeNames: Map<string, string>): Progress {
  const name = (id: string): string => nodeNames.get(id) ?? id;
  return io.interactive ? new TerminalProgress(io, nodeNames, name) : new PlainProgress(io, name);
}

class PlainProgress implements Progress {
  readonly #io: CommandIo;
  readonly #name: (id: string) => string;
  #began: number | undefined;

  constructor(io: CommandIo, name: (id: string) => string) {
    this.#io = io;
    this.#name = name;
  }

  event(event: ExecutionEvent): void {
    const at = Date.parse(event.at);
    this.#began ??= at;
    if (QUIET.has(event.type)) return;
    const seconds = ((at - this.#began) / 1_000).toFixed(3).padStart(8);
    this.#io.err(`${seconds} s  ${eventLine(event, this.#name)}\n`);
  }

  end(): void {}
}

class TerminalProgress implements Progress {
  readonly #io: CommandIo;
  readonly #nodes: Map<string, string>;
  readonly #name: (id: string) => string;
  readonly #view = new RunViewBuilder();
  readonly #touched = new Map<string, number>();
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;
  #lines = 0;

  constructor(io: CommandIo, nodes: Map<string, string>, name: (id: string) => string) {
    this.#io = io;
    this.#nodes = nodes;
    this.#name = name;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  event(event: ExecutionEvent): void {
    this.#view.add(event);
    if ("node_id" in event) this.#touched.set(event.node_id, event.seq);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #draw(): void {
    const lines = this.#render();
    const back = this.#lines > 0 ? `\x1b[${this.#lines}A\x1b[J` : "";
    this.#lines = lines.length;
    this.#io.err(`${back}${lines.map((line) => `${line}\n`).join("")}`);
  }

  #render(): string[] {
    const view = this.#view.snapshot();
    const elapsed = performance.now() - this.#began;
    const seconds = formatDuration(elapsed);
    const started = [...view.nodes.values()];
    const done = started.filter(({ status }) => status === "COMPLETED").length;
    const took = view.stats === null ? seconds : figures({ ...view.stats, duration_ms: elapsed });
    const head = `${statusMark(view.status)} ${view.status}  ${done}/${this.#nodes.size} nodes  ${took}`;
    const room = Math.max(1, this.#io.rows - 3);
    const shown = started
      .toSorted((a, b) => (this.#touched.get(a.node_id) ?? 0) - (this.#touched.get(b.node_id) ?? 0))
      .slice(-room);
    return [head, ...shown.map((node) => this.#nodeLine(node))];
  }

  #nodeLine(node: NodeRunView): string {
    const times = node.executions > 1 ? ` ×${node.executions}` : "";
    const time = node.duration_ms > 0 ? `  ${formatDuration(node.duration_ms)}` : "";
    const problem = node.error === null ? "" : `  ${node.error.message}`;
    const text = `${statusMark(node.status)} ${this.#name(node.node_id)}${times}${time}${problem}`;
    return `  ${oneLine(text, this.#io.columns - 3)}`;
  }
}
