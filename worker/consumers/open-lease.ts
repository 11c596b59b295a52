import type { Lease } from "#durable-objects/execution/protocol.ts";
import type { JsonObject } from "#graph/json.ts";
import { HeldBytes } from "#worker/values/held-bytes.ts";
import type { RunValues } from "#worker/values/run-values.ts";

/** Bytes of large inputs that an isolate has in memory at a time, as JSON: a Worker has 128 MB for everything. */
const INPUT_BYTES = 32 * 1024 * 1024;

const inUse = new HeldBytes(INPUT_BYTES);

const nothing = (): void => undefined;

/**
 * The lease with its large values put in, when there is room for them (rule BV12). `close` when they are no longer needed.
 * @throws StorageUnavailable, ValueMissing
 */
export async function openLease(
  lease: Lease,
  values: RunValues | undefined,
): Promise<{ lease: Lease; close: () => void }> {
  if (values === undefined) {
    return { lease, close: nothing };
  }
  const { input, input_default, resume } = lease;
  const given: JsonObject = { input, input_default, resume: resume === null ? null : { ...resume } };
  const size = values.sizeOf(given);
  if (size === 0) {
    return { lease, close: nothing };
  }
  const close = await inUse.take(size);
  try {
    const opened = (await values.open(given)) as unknown as Pick<Lease, "input" | "input_default" | "resume">;
    return { lease: { ...lease, ...opened }, close };
  } catch (error) {
    close();
    throw error;
  }
}
