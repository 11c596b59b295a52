import { hasStoredKey } from "#durable-objects/execution/core/stored-value.ts";
import type { Lease } from "#durable-objects/execution/protocol.ts";
import type { JsonObject } from "#graph/json.ts";
import { HeldBytes } from "#worker/values/held-bytes.ts";
import type { AttemptValues } from "#worker/values/run-values.ts";

/** Bytes of large inputs that an isolate has in memory at a time, as JSON: a Worker has 128 MB for everything. */
const INPUT_BYTES = 32 * 1024 * 1024;

const inUse = new HeldBytes(INPUT_BYTES);

const nothing = (): void => undefined;

export interface OpenedLease {
  lease: Lease;
  /** Some of its values are stored although they are small (rule BV13). */
  small: boolean;
  /** To be called when its large values are no longer needed. */
  close: () => void;
}

/**
 * The lease with its large values put in, when there is room for them (rule BV12). A promise only when it has any: most have none.
 * @throws StorageUnavailable, ValueMissing
 */
export function openLease(lease: Lease, values: AttemptValues | undefined): OpenedLease | Promise<OpenedLease> {
  const { input, input_default, resume } = lease;
  const holdsLarge =
    hasStoredKey(input) ||
    hasStoredKey(input_default) ||
    (resume !== null && hasStoredKey([resume.state, resume.data]));
  return values === undefined || !holdsLarge ? { lease, small: false, close: nothing } : openLarge(lease, values);
}

async function openLarge(lease: Lease, values: AttemptValues): Promise<OpenedLease> {
  const { input, input_default, resume } = lease;
  const given: JsonObject = { input, input_default, resume: resume === null ? null : { ...resume } };
  const { size, small } = values.sizeOf(given);
  const close = await inUse.take(size);
  try {
    const opened = (await values.open(given)) as unknown as Pick<Lease, "input" | "input_default" | "resume">;
    return { lease: { ...lease, ...opened }, small, close };
  } catch (error) {
    close();
    throw error;
  }
}
