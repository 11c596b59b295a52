import type { JsonValue } from "#graph/json.ts";
import { BlockError } from "../define-block.ts";

/** @throws BlockError `invalid_json` that tells what is wrong and where */
export function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new BlockError(
      "invalid_json",
      `The text is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}
