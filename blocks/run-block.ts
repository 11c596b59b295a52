import type * as z from "zod";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { getOwn } from "#graph/own-property.ts";
import { prepareInput } from "#graph/pins/prepare-input.ts";
import { acceptsAnything } from "#graph/pins/resolve-schema.ts";
import { type Block, type BlockContext, BlockError, Suspension } from "./define-block.ts";
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
 * - `output_too_large`: a yielded value is larger than 100,000,000 characters;
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
  const input = parseInput(block, rawInput);
  const { signal } = ctx;
  throwIfAborted(signal);
  const outputs = block.run({ input: input as never, ctx });
  const aborted = abortOf(signal);
  let finished = false;
  try {
    while (true) {
      const step = await Promise.race([nextOf(outputs), aborted]);
      throwIfAborted(signal);
      if (step.done === true) {
        finished = true;
        return;
      }
      yield checkOutput(block, step.value);
      throwIfAborted(signal);
    }
  } finally {
    if (!finished) {
      // The block may hang, so its clean-up is not waited for.
      void outputs.return(undefined).then(undefined, () => undefined);
    }
  }
}

async function nextOf(
  outputs: AsyncGenerator<[pin: string, value: unknown], void, undefined>,
): Promise<IteratorResult<[pin: string, value: unknown], void>> {
  try {
    return await outputs.next();
  } catch (error) {
    throw error instanceof Suspension ? error : asBlockError(error);
  }
}

function parseInput(block: Block, { input_default, data }: RawInput): unknown {
  const prepared = prepareInput(block.descriptor.input_schema, input_default, data);
  if (!prepared.ok) {
    throw invalidInput(block, Object.entries(prepared.errors));
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
  if (!Array.isArray(output) || output.length !== 2 || typeof output[0] !== "string") {
    throw new BlockError("invalid_output", `${name} yielded something that is not a pair of a pin and a value.`);
  }
  const [pin, raw] = output as [string, unknown];
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
    !acceptsAnything(block.descriptor.output_schema.properties?.[pin] ?? {})
  ) {
    const checked = schema.safeParse(value);
    if (!checked.success) {
      const issues = checked.error.issues.map((issue) => [...issue.path, issue.message].join(": ")).join("; ");
      throw new BlockError("invalid_output", `${name} yielded a value that does not fit its pin "${pin}": ${issues}`);
    }
  }
  return [pin, value];
}

function normalise(name: string, pin: string, raw: unknown): JsonValue {
  try {
    return toJsonValue(raw, MAX_OUTPUT_SIZE);
  } catch (error) {
    if (error instanceof NotJsonError) {
      throw new BlockError(error.code, `The value that ${name} yielded on "${pin}" ${error.message}.`, {
        cause: error,
      });
    }
    throw error;
  }
}

function asBlockError(error: unknown): BlockError {
  if (error instanceof BlockError) {
    return error;
  }
  return new BlockError("block_failed", error instanceof Error ? error.message : describeThrown(error), {
    cause: error,
  });
}

function describeThrown(thrown: unknown): string {
  try {
    return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? String(thrown));
  } catch {
    return "The block threw something that cannot be shown.";
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw abortError(signal);
  }
}

function abortError(signal: AbortSignal): BlockError {
  const reason: unknown = signal.reason;
  return reason instanceof BlockError
    ? reason
    : new BlockError("aborted", reason instanceof Error ? reason.message : "The block was stopped.", { cause: reason });
}

const aborts = new WeakMap<AbortSignal, Promise<never>>();

/** Rejects when the signal aborts. One listener a signal, however many blocks run under it. */
function abortOf(signal: AbortSignal): Promise<never> {
  let promise = aborts.get(signal);
  if (promise === undefined) {
    promise = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(abortError(signal)), { once: true });
    });
    promise.catch(() => undefined);
    aborts.set(signal, promise);
  }
  return promise;
}
