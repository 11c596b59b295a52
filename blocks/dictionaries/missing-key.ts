import { BlockError } from "../define-block.ts";

export function missingKey(key: string | number): BlockError {
  return new BlockError("key_not_found", `The dictionary has no key "${key}".`);
}
