import { recordOf } from "#graph/own-property.ts";
import type { JsonValue } from "#graph/json.ts";
import { withStored } from "#graph/run/stored-value.ts";
import { ApiError } from "./client.ts";
import type { Execution, WeftClient } from "./client.ts";

/** The outputs of a run with its large values in them, where the API shows `{"$value": …}` for them. */
export async function wholeOutputs(
  client: Pick<WeftClient, "value">,
  { id, outputs }: Pick<Execution, "id" | "outputs">,
): Promise<Execution["outputs"]> {
  const whole: [string, JsonValue[]][] = [];
  for (const [name, values] of Object.entries(outputs)) {
    whole.push([name, (await withStored(values, ({ sha256 }) => read(client, id, sha256))) as JsonValue[]]);
  }
  return recordOf(whole);
}

/** A value of an agent's own may look like one that is stored; the server has none for it. */
async function read(client: Pick<WeftClient, "value">, id: string, sha256: string): Promise<JsonValue | undefined> {
  try {
    return await client.value(id, sha256);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
