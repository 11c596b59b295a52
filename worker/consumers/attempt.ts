import { Cancellation } from "#blocks/cancellation.ts";
import { BlockError, Suspension } from "#blocks/define-block.ts";
import type { Block, BlockContext } from "#blocks/define-block.ts";
import { runUnraced } from "#blocks/run-block.ts";
import type { Output } from "#durable-objects/execution/core/stored-value.ts";
import type { AttemptReport, Lease } from "#durable-objects/execution/protocol.ts";
import { errorMessage } from "#durable-objects/logger.ts";
import type { JsonValue } from "#graph/json.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import { addUsage, usagePart } from "#graph/run/usage.ts";
import { ALL_SPENT } from "#worker/values/run-values.ts";
import type { AttemptValues } from "#worker/values/run-values.ts";
import { StorageUnavailable } from "#worker/values/value-store.ts";
import type { Clock } from "./clock.ts";
import type { CacheSlot } from "./node-cache.ts";
import { openLease } from "./open-lease.ts";
import { roughSize } from "./rough-size.ts";

/** Characters of an error that are kept; it goes into the log, to the pin `error` and into lists. */
const MAX_MESSAGE = 32_000;

/** Why an attempt was told to stop. */
export class AttemptStopped extends Error {
  readonly code: "node_timeout" | "refused";
  constructor(code: "node_timeout" | "refused", message: string) {
    super(message);
    this.name = "AttemptStopped";
    this.code = code;
  }
}

/** The same for all attempts of a stretch. */
export interface AttemptOptions {
  getBlock: (id: string) => Block | undefined;
  context: (cancellation: Cancellation, onUsage: (add: NodeUsage) => void, lease: Lease) => BlockContext;
  clock: Clock;
  /** Where the result of an equal execution may be, and this one's is kept, of a node that asks for it. */
  cache?: (block: Block, lease: Lease) => Promise<CacheSlot | null>;
  /** The run's large values. Absent: it has none, and all that the block yields is reported as it is. */
  values?: AttemptValues;
  /** The run's log is long: what is not very small is stored. */
  crowded?: boolean;
  /** What stops the attempt; shared by attempts that run one after the other. */
  cancellation?: Cancellation;
  /** Something is there to be reported. */
  onNews: () => void;
}

/**
 * One attempt of one node execution in this consumer. Collects what the block yields until it is taken by `takeReport`; never throws:
 * whatever goes wrong is the attempt's outcome.
 */
export class Attempt {
  readonly lease: Lease;
  readonly #options: AttemptOptions;
  readonly #cancellation: Cancellation;
  readonly #startedAt: number;
  #outputs: Output[] = [];
  /** Bytes that its outputs put into the log, about. */
  #inline = 0;
  #reportedInline = 0;
  #storesSmall = false;
  /** Gives back the room that its input takes; also when its block hangs. */
  #close: (() => void) | undefined;
  #begun = false;
  #abandoned = false;
  #reported = 0;
  #usage: NodeUsage | undefined;
  #end: AttemptReport["end"];
  #discarded = false;
  #reused = false;

  /** @param now what the clock says, if it was just asked: beside a short block that is not nothing */
  constructor(lease: Lease, options: AttemptOptions, now: number = options.clock.now()) {
    this.lease = lease;
    this.#options = options;
    this.#cancellation = options.cancellation ?? new Cancellation();
    this.#startedAt = now;
  }

  /** Runs a pure block to its end. No timer of its own: a timer costs more than such a block, and whoever runs many has one for all. */
  async runPure(): Promise<void> {
    try {
      await this.#cancellation.orCancelled(this.#consume());
      this.#end = this.#completed();
    } catch (error) {
      await this.#fail(error);
    } finally {
      this.#close?.();
    }
  }

  /** Runs the block to its end, its time-out, or `stop`. */
  async run(): Promise<void> {
    const calledOff = this.#options.clock.after(this.lease.timeout_ms, () => this.timeOut());
    await this.runPure();
    calledOff();
    this.#options.onNews();
  }

  /** The object does not want this attempt any more: the block is aborted and nothing is reported. */
  stop(): void {
    this.#discarded = true;
    this.#cancellation.cancel(new AttemptStopped("refused", "The run no longer wants this attempt."));
  }

  get ended(): boolean {
    return this.#end !== undefined || this.#abandoned;
  }

  /**
   * The storage of large values does not answer, so how the attempt ends is not known: it is left to its lease, and handed out again (rule BV6).
   */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** How long it took; undefined before its end. */
  get durationMs(): number | undefined {
    return this.#end?.duration_ms;
  }

  get hasNews(): boolean {
    return !this.#discarded && !this.#abandoned && (this.#end !== undefined || this.#outputs.length > 0);
  }

  /** About how many bytes of what is not yet reported go into the log. */
  get unreportedBytes(): number {
    return this.#inline - this.#reportedInline;
  }

  /** Hands over what is not yet reported. */
  takeReport(): AttemptReport {
    this.#reportedInline = this.#inline;
    const { node_execution_id, attempt } = this.lease;
    const report: AttemptReport = { node_execution_id, attempt, first_output: this.#reported, outputs: this.#outputs };
    this.#reported += this.#outputs.length;
    this.#outputs = [];
    return this.#end === undefined ? report : { ...report, end: this.#end };
  }

  async #consume(): Promise<void> {
    const { block_id, cache: cached } = this.lease;
    const { getBlock, cache } = this.#options;
    const block = getBlock(block_id);
    if (block === undefined) {
      throw new BlockError("unknown_block", `This deployment has no block ${block_id}.`);
    }
    if (block.descriptor.disabled) {
      throw new BlockError("disabled_block", `The block ${block.descriptor.name} is disabled in this deployment.`);
    }
    const opening = openLease(this.lease, this.#options.values);
    const { lease, small, close } = opening instanceof Promise ? await opening : opening;
    this.#storesSmall = small;
    this.#close = close;
    try {
      const slot = cached === null || cache === undefined ? null : await cache(block, lease);
      const kept = slot === null ? null : await slot.read();
      if (kept !== undefined && kept !== null) {
        this.#reused = true;
        for (const output of kept) {
          await this.#keep(output);
        }
        return;
      }
      const outputs: [string, JsonValue][] | null = slot === null ? null : [];
      await this.#runBlock(block, lease, outputs);
      if (slot !== null && outputs !== null) {
        await slot.write(outputs);
      }
    } finally {
      close();
    }
  }

  /** A promise only when there is something to wait for: most outputs need nothing. */
  #keep(output: [string, JsonValue]): Promise<void> | undefined {
    const { values } = this.#options;
    if (values === undefined) {
      this.#kept({ output, inline: roughSize([output]) });
      return undefined;
    }
    const keeping = values.keepOutput(output, {
      selects: this.lease.selects,
      spent: this.#storesSmall || this.#options.crowded === true ? ALL_SPENT : this.#inline,
    });
    if (keeping instanceof Promise) {
      return keeping.then((kept) => this.#kept(kept));
    }
    this.#kept(keeping);
    return undefined;
  }

  #kept({ output, inline }: { output: Output; inline: number }): void {
    this.#inline += inline;
    this.#outputs.push(output);
  }

  /** @param outputs gets what the block yields, if that is wanted */
  #runBlock(block: Block, lease: Lease, outputs: [string, JsonValue][] | null): Promise<void> {
    const { input_default, input } = lease;
    const cancellation = this.#cancellation;
    const ctx = this.#options.context(cancellation, (add) => this.#addUsage(add), lease);
    this.#begun = true;
    const take = (output: [string, JsonValue]): Promise<void> | undefined => {
      outputs?.push(output);
      const kept = this.#keep(output);
      if (kept === undefined) {
        this.#options.onNews();
      }
      return kept?.then(() => this.#options.onNews());
    };
    return runUnraced(block, { input_default, data: input }, { ctx, cancellation, take });
  }

  /** The block has had its time: it is aborted and the attempt fails. */
  timeOut(): void {
    const seconds = this.lease.timeout_ms / 1_000;
    this.#cancellation.cancel(
      new AttemptStopped("node_timeout", `The node ran longer than its limit of ${seconds} s and was stopped.`),
    );
  }

  #addUsage(add: NodeUsage): void {
    this.#usage = addUsage(this.#usage, add);
  }

  #completed(): AttemptReport["end"] {
    const reused = this.#reused ? ({ reused: "cache" } as const) : {};
    return { status: "completed", duration_ms: this.#elapsed(), ...usagePart(this.#usage), ...reused };
  }

  #elapsed(): number {
    return this.#options.clock.now() - this.#startedAt;
  }

  async #fail(thrown: unknown): Promise<void> {
    let error = thrown;
    try {
      if (thrown instanceof Suspension) {
        const wait = (await this.#options.values?.keepWait(thrown.wait)) ?? thrown.wait;
        this.#end = { status: "waiting", duration_ms: this.#elapsed(), wait, ...usagePart(this.#usage) };
        return;
      }
    } catch (cause) {
      error = cause;
    }
    if (
      error instanceof StorageUnavailable &&
      !this.#cancellation.cancelled &&
      (this.#begun || this.lease.effects !== "once")
    ) {
      this.#abandoned = true;
      return;
    }
    this.#end = this.#failure(error);
  }

  #failure(thrown: unknown): AttemptReport["end"] {
    const error = this.#cancellation.cancelled ? this.#cancellation.reason : thrown;
    const foreseen = error instanceof BlockError ? error : undefined;
    const code = foreseen?.code ?? (error instanceof AttemptStopped ? error.code : codeOf(error));
    return {
      status: "failed",
      duration_ms: this.#elapsed(),
      error: { code, message: clip(errorMessage(error)), node_id: this.lease.node_id },
      retryable: foreseen?.retryable ?? error instanceof StorageUnavailable,
      ...(foreseen?.retryable === false ? { final: true } : {}),
      ...(foreseen?.retryAfterMs === undefined ? {} : { retry_after_ms: foreseen.retryAfterMs }),
      ...usagePart(this.#usage),
    };
  }
}

function clip(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}… (${message.length} characters)`;
}

/** Errors of the platform's own parts (egress) carry a stable code; anything else is the block's fault. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^[a-z_]+$/.test(error.code)
    ? error.code
    : "block_failed";
}
