import type * as z from "zod";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { getOwn } from "#graph/own-property.ts";
import { MAX_OUTPUTS, TOO_MANY_OUTPUTS } from "#graph/run/output-limits.ts";
import { thrownMessage } from "#graph/run/thrown-message.ts";
import { prepareInput } from "#graph/pins/prepare-input.ts";
import { acceptsAnything } from "#graph/pins/resolve-schema.ts";
import { Cancellation } from "./cancellation.ts";
import { type Block, type BlockContext, BlockError, Suspension } from "./define-block.ts";
import { quickParse, quicklyFits } from "./quick-parse.ts";
import { NotJsonError, toJsonValue } from "./to-json-value.ts";

/** What a node brings to its block: the values set in the editor, and those that arrived on links. */
export interface RawInput {
  input_default: JsonObject;
  data: JsonObject;
}

/** Most characters that one yielded value may take as JSON text. */
const MAX_OUTPUT_SIZE = 100_000_000;
/** Pins that an orchestrator calls its tools by are named after the nodes behind them (autogpt.md §4.2). */
const TOOL_PIN = "tools_^_";

/**
 * Runs a block once and gives its outputs, each checked, in order. Whatever goes wrong is thrown as a `BlockError`; what was yielded
 * before stays yielded (autogpt.md §4.6). Codes besides the block's own:
 * - `invalid_input`: the input does not fit the block; the message names the pins;
 * - `invalid_output`: a yielded value is not JSON, does not fit the pin, or the pin does not exist;
 * - `value_too_large`: a yielded value is larger than 100,000,000 characters;
 * - `too_many_outputs`: it yields more than 100,000 values;
 * - `block_error`: the block yielded `error`; `block_failed`: it threw something other than a `BlockError`;
 * A `Suspension` is passed on: the block waits.
 * - `aborted`: `ctx.signal` aborted; nothing is yielded from then on, and the block is not waited for.
 *
 * Values are not copied: neither the caller nor the block may change one after it was yielded.
 */
export async function* runBlock(
  block: Block,
  rawInput: RawInput,
  ctx: BlockContext,
): AsyncGenerator<[pin: string, value: JsonValue], void, undefined> {
  const cancellation = Cancellation.of(ctx.signal);
  const call = new BlockCall(block, rawInput, { ctx, cancellation });
  const aborted = cancellation.rejection.catch(() => {
    throw abortError(cancellation);
  });
  aborted.catch(() => undefined);
  try {
    for (;;) {
      const output = call.accept(await Promise.race([nextOf(call), aborted]));
      if (output === null) {
        return;
      }
      yield output;
      throwIfAborted(cancellation);
    }
  } finally {
    call.close();
  }
}

/**
 * The same for a block whose hanging is somebody else's concern: whoever calls does not wait for it once it is cancelled, and a race for each output would take
 * longer than many a block. Each output is given to `take`, which is waited for.
 */
export async function runUnraced(
  block: Block,
  rawInput: RawInput,
  {
    ctx,
    cancellation,
    take,
  }: {
    ctx: BlockContext;
    /** The one whose signal the context has. */
    cancellation: Cancellation;
    take: (output: [pin: string, value: JsonValue]) => Promise<void> | undefined;
  },
): Promise<void> {
  const call = new BlockCall(block, rawInput, { ctx, cancellation });
  try {
    for (;;) {
      let step: IteratorResult<[pin: string, value: unknown], void>;
      try {
        step = await call.outputs.next();
      } catch (error) {
        throw call.refusal(error);
      }
      const output = call.accept(step);
      if (output === null) {
        return;
      }
      const taken = take(output);
      if (taken !== undefined) {
        await taken;
      }
    }
  } finally {
    call.close();
  }
}

/** One call of a block, from its checked input on. */
class BlockCall {
  readonly outputs: ReturnType<Block["run"]>;
  readonly #block: Block;
  readonly #cancellation: Cancellation;
  #count = 0;
  #finished = false;

  constructor(
    block: Block,
    rawInput: RawInput,
    { ctx, cancellation }: { ctx: BlockContext; cancellation: Cancellation },
  ) {
    const input = parseInput(block, rawInput);
    throwIfAborted(cancellation);
    this.outputs = block.run({ input: input as never, ctx });
    this.#block = block;
    this.#cancellation = cancellation;
  }

  /** The output in a step, checked; null when it was the last step. */
  accept(step: IteratorResult<[pin: string, value: unknown], void>): [pin: string, value: JsonValue] | null {
    throwIfAborted(this.#cancellation);
    if (step.done === true) {
      this.#finished = true;
      return null;
    }
    if (this.#count >= MAX_OUTPUTS) {
      throw new BlockError(TOO_MANY_OUTPUTS.code, TOO_MANY_OUTPUTS.message);
    }
    this.#count += 1;
    return checkOutput(this.#block, step.value);
  }

  /** What the block has thrown, as it is told. */
  refusal(thrown: unknown): Suspension | BlockError {
    const told = suspensionOrFailure(thrown);
    const { name, effects, waits } = this.#block.descriptor;
    // Dry runs run what is pure, unless it says that it may wait: nobody wants to wait there.
    return told instanceof Suspension && effects === "pure" && waits !== true
      ? new BlockError("block_failed", `${name} asked to wait, and does not say that it may (waits: true).`)
      : told;
  }

  /** The block may hang, so its clean-up is not waited for. */
  close(): void {
    if (!this.#finished) {
      void this.outputs.return(undefined).then(undefined, () => undefined);
    }
  }
}

async function nextOf(call: BlockCall): Promise<IteratorResult<[pin: string, value: unknown], void>> {
  try {
    return await call.outputs.next();
  } catch (error) {
    throw call.refusal(error);
  }
}

function parseInput(block: Block, { input_default, data }: RawInput): unknown {
  const prepared = prepareInput(block.descriptor.input_schema, input_default, data);
  if (!prepared.ok) {
    throw invalidInput(block, Object.entries(prepared.errors));
  }
  const quick = quickParse(block.input, prepared.input);
  if (quick !== undefined) {
    return quick;
  }
  const parsed = block.input.safeParse(prepared.input);
  if (!parsed.success) {
    throw invalidInput(
      block,
      parsed.error.issues.map((issue) => [issue.path.join("."), issue.message]),
    );
  }
  return parsed.data;
}

function invalidInput(block: Block, problems: [pin: string, message: string][]): BlockError {
  const list = problems.map(([pin, message]) => (pin === "" ? message : `"${pin}": ${message}`)).join("; ");
  return new BlockError("invalid_input", `${block.descriptor.name} cannot run with this input. ${list}`);
}

function checkOutput(block: Block, output: unknown): [pin: string, value: JsonValue] {
  const { name, ui_type } = block.descriptor;
  const [pin, raw] = pairOf(name, output);
  const pins: Record<string, z.ZodType> = block.output.shape;
  const schema = getOwn(pins, pin);
  if (schema === undefined && ui_type !== "Agent" && !pin.startsWith(TOOL_PIN)) {
    throw new BlockError("invalid_output", `${name} yielded on the pin "${pin}", which it does not have.`);
  }
  const value = normalise(name, pin, raw);
  if (pin === "error" && ui_type !== "Agent") {
    throw new BlockError("block_error", typeof value === "string" ? value : JSON.stringify(value));
  }
  if (
    schema !== undefined &&
    ui_type === "Standard" &&
    !acceptsAnything(block.descriptor.output_schema.properties?.[pin] ?? {}) &&
    !quicklyFits(schema, value)
  ) {
    const checked = schema.safeParse(value);
    if (!checked.success) {
      const issues = checked.error.issues.map((issue) => [...issue.path, issue.message].join(": ")).join("; ");
      throw new BlockError("invalid_output", `${name} yielded a value that does not fit its pin "${pin}": ${issues}`);
    }
  }
  return [pin, value];
}

/** What a block yields may be anything, a proxy that throws when it is looked at included. */
function pairOf(name: string, output: unknown): [pin: string, raw: unknown] {
  try {
    if (Array.isArray(output) && output.length === 2) {
      const [pin, raw] = output as [unknown, unknown];
      if (typeof pin === "string") {
        return [pin, raw];
      }
    }
  } catch (error) {
    throw new BlockError("invalid_output", `${name} yielded something that cannot be read: ${thrownMessage(error)}`);
  }
  throw new BlockError("invalid_output", `${name} yielded something that is not a pair of a pin and a value.`);
}

function normalise(name: string, pin: string, raw: unknown): JsonValue {
  try {
    return toJsonValue(raw, MAX_OUTPUT_SIZE);
  } catch (error) {
    const known = error instanceof NotJsonError;
    const problem = known ? error.message : `cannot be read: ${thrownMessage(error)}`;
    throw new BlockError(
      known ? error.code : "invalid_output",
      `The value that ${name} yielded on "${pin}" ${problem}.`,
      {
        cause: error,
      },
    );
  }
}

function suspensionOrFailure(thrown: unknown): Suspension | BlockError {
  try {
    if (thrown instanceof Suspension || thrown instanceof BlockError) {
      return thrown;
    }
  } catch {
    // A proxy need not even say what it is.
  }
  return new BlockError("block_failed", thrownMessage(thrown), { cause: thrown });
}

function throwIfAborted(cancellation: Cancellation): void {
  if (cancellation.cancelled) {
    throw abortError(cancellation);
  }
}

function abortError({ reason }: Cancellation): BlockError {
  return reason instanceof BlockError
    ? reason
    : new BlockError("aborted", reason instanceof Error ? thrownMessage(reason) : "The block was stopped.", {
        cause: reason,
      });
}
