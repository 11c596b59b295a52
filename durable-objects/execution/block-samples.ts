import type { Plan } from "#graph/plan/plan.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import { addUsage } from "#graph/run/usage.ts";
import type { BlockSample } from "../workspace/protocol.ts";
import type { LogEvent } from "./core/log-event.ts";
import { wholeLength } from "./core/rough-length.ts";

/** Executions of one block that a run reports. */
const PER_BLOCK = 5;
/** Blocks that a run reports. */
const BLOCKS = 50;

/**
 * What the first executions of each block in a run took: samples for the workspace's predictions. In memory only; a run that was reloaded reports what it
 * has seen since.
 */
export class BlockSamples {
  readonly #plan: Plan;
  /** Blocks of the plan of which more samples are wanted. */
  #wanting: number;
  readonly #samples = new Map<string, BlockSample[]>();
  /** Node executions that are being watched, with what their outputs measured and their attempts used so far. */
  readonly #watched = new Map<string, { blockId: string; size: number; usage: NodeUsage | undefined }>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#wanting = Math.min(new Set(plan.nodes.map(({ block_id }) => block_id)).size, BLOCKS);
  }

  follow(events: readonly LogEvent[]): void {
    for (const event of events) {
      if (this.#wanting === 0) {
        return;
      }
      if (event.type === "node_started") {
        this.#watch(event.ne, this.#plan.nodes[event.node]?.block_id ?? "");
      } else if (event.type === "node_output" && this.#watched.size > 0) {
        const watched = this.#watched.get(event.ne);
        if (watched !== undefined) {
          watched.size += Math.round(wholeLength(event.value));
        }
      } else if (event.type === "node_waiting" && event.wait.kind === "child") {
        // Its end will be that of another run: with that run's waits, outputs and usage, which are not the block's.
        this.#watched.delete(event.ne);
      } else if ((event.type === "node_retrying" || event.type === "node_waiting") && this.#watched.size > 0) {
        this.#used(event.ne, event.usage);
      } else if (event.type === "node_completed" && event.reused !== undefined) {
        this.#watched.delete(event.ne);
      } else if (event.type === "node_completed" && this.#watched.size > 0) {
        this.#used(event.ne, event.usage);
        this.#ended(event.ne, event.duration_ms);
      } else if ((event.type === "node_failed" || event.type === "node_terminated") && this.#watched.size > 0) {
        this.#watched.delete(event.ne);
      }
    }
  }

  toRecord(): Record<string, BlockSample[]> {
    return Object.fromEntries([...this.#samples].filter(([, samples]) => samples.length > 0));
  }

  #watch(ne: string, blockId: string): void {
    if (this.#watched.has(ne)) {
      return;
    }
    const samples = this.#samples.get(blockId);
    if (samples === undefined && this.#samples.size < BLOCKS) {
      this.#samples.set(blockId, []);
    } else if (samples === undefined || samples.length >= PER_BLOCK || this.#watched.size >= PER_BLOCK * BLOCKS) {
      return;
    }
    this.#watched.set(ne, { blockId, size: 0, usage: undefined });
  }

  #used(ne: string, usage: NodeUsage | undefined): void {
    const watched = this.#watched.get(ne);
    if (watched !== undefined) {
      watched.usage = addUsage(watched.usage, usage);
    }
  }

  #ended(ne: string, durationMs: number): void {
    const watched = this.#watched.get(ne);
    const samples = this.#samples.get(watched?.blockId ?? "");
    if (watched !== undefined && samples !== undefined && samples.length < PER_BLOCK) {
      const { input_tokens = 0, output_tokens = 0, cost_usd = null } = watched.usage ?? {};
      samples.push([durationMs, watched.size, input_tokens + output_tokens, cost_usd]);
      this.#wanting -= samples.length === PER_BLOCK ? 1 : 0;
    }
    this.#watched.delete(ne);
  }
}
