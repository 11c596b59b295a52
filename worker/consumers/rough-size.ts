import { RoughLength } from "#durable-objects/execution/core/rough-length.ts";
import type { Output } from "#durable-objects/execution/core/stored-value.ts";

/** About how many characters outputs take as JSON. */
export function roughSize(outputs: readonly Output[]): number {
  const rough = new RoughLength();
  for (const [, value] of outputs) {
    rough.add(value);
  }
  return rough.length;
}
