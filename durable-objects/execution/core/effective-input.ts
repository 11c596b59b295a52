import type { JsonObject } from "#graph/json.ts";
import { setOwn } from "#graph/own-property.ts";
import type { NodeExecution } from "./state.ts";

/**
 * What a node execution runs with, before defaults: the values that arrived, what it gathered as a list, and over them those that no output
 * produced.
 */
export function effectiveInput(execution: Pick<NodeExecution, "input" | "gathered" | "literals">): JsonObject {
  const input: JsonObject = {};
  for (const [pin, bound] of execution.input) {
    setOwn(input, pin, bound.value);
  }
  if (execution.gathered !== null) {
    const { pin, values } = execution.gathered;
    setOwn(
      input,
      pin,
      values.map(({ value }) => value),
    );
  }
  for (const [pin, value] of Object.entries(execution.literals ?? {})) {
    setOwn(input, pin, value);
  }
  return input;
}
