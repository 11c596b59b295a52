import { findStored, storedIn } from "#durable-objects/execution/core/stored-value.ts";
import type { Output } from "#durable-objects/execution/core/stored-value.ts";
import type { CarryRequest } from "#durable-objects/execution/protocol.ts";
import type { Env } from "#worker/env.ts";
import { runValues, valueStore } from "./create-values.ts";

/**
 * Copies the large values among outputs of one run to another, and adds the parts that the other's links select.
 * @throws StorageUnavailable, ValueMissing
 */
export async function carryValues(env: Pick<Env, "FILES">, request: CarryRequest): Promise<Output[]> {
  const { workspace_id: workspaceId, from_execution_id, to_execution_id, outputs, selects } = request;
  const from = { workspaceId, executionId: from_execution_id };
  const to = { workspaceId, executionId: to_execution_id };
  const stored = new Map<string, unknown>();
  for (const [, value] of outputs) {
    for (const sha256 of findStored(value).keys()) {
      stored.set(sha256, null);
    }
  }
  await valueStore(env).copy(from, to, stored.keys());
  const values = runValues(env, to);
  const carried: Output[] = [];
  for (const [pin, value] of outputs) {
    const selected = selects.filter((name) => name.startsWith(pin));
    const parts =
      storedIn(value) === undefined || selected.length === 0
        ? undefined
        : await values.partsOf(pin, await values.open(value), selected);
    carried.push(parts === undefined ? [pin, value] : [pin, value, parts]);
  }
  return carried;
}
