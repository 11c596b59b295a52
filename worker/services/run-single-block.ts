import { v7 as uuidv7 } from "uuid";
import { Cancellation } from "#blocks/cancellation.ts";
import { BlockError, Suspension } from "#blocks/define-block.ts";
import type { BlockContext } from "#blocks/define-block.ts";
import { runBlock } from "#blocks/run-block.ts";
import type { JsonValue } from "#graph/json.ts";
import { getOwn, setOwn } from "#graph/own-property.ts";
import type { BlockLibrary, RunSingleBlock } from "./service-deps.ts";
import { notFound, ServiceError } from "./service-error.ts";

/** A caller waits on the line, so a single block gets less time than in a run. */
const MAX_MS = 120_000;

export interface SingleBlockOptions {
  blocks: BlockLibrary;
  context: (options: { cancellation: Cancellation; idempotencyKey: string; run: BlockContext["run"] }) => BlockContext;
}

/** Runs one block in this very request, with the same checks and the same context as in a run. */
export function createRunSingleBlock({ blocks, context }: SingleBlockOptions): RunSingleBlock {
  return async function runSingleBlock({ blockId, input }) {
    const block = blocks.get(blockId);
    if (block === undefined) {
      throw notFound("block");
    }
    const id = uuidv7();
    const run = { executionId: id, nodeExecutionId: id, nodeId: id, graphId: "", graphVersion: 0, attempt: 1 };
    const cancellation = Cancellation.of(AbortSignal.timeout(Math.min(block.descriptor.timeout_ms, MAX_MS)));
    const outputs: Record<string, JsonValue[]> = {};
    try {
      for await (const [pin, value] of runBlock(
        block,
        { input_default: {}, data: input },
        context({ cancellation, idempotencyKey: id, run }),
      )) {
        const values = getOwn(outputs, pin);
        if (values === undefined) {
          setOwn(outputs, pin, [value]);
        } else {
          values.push(value);
        }
      }
    } catch (error) {
      throw refusal(error, block.descriptor.name);
    }
    return outputs;
  };
}

function refusal(error: unknown, name: string): unknown {
  if (error instanceof Suspension) {
    const message = `${name} waits for something, which only a run can do. Put it into a graph and run that.`;
    return new ServiceError(422, "block_waits", message, { cause: error });
  }
  if (!(error instanceof BlockError)) {
    return error;
  }
  if (error.code === "invalid_input") {
    return new ServiceError(422, "invalid_inputs", error.message, { cause: error });
  }
  const details = { code: error.code, retryable: error.retryable ?? false };
  return new ServiceError(422, "block_failed", `${name} failed: ${error.message}`, { details, cause: error });
}
