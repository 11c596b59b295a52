import { STORED_KEY } from "#durable-objects/execution/core/stored-value.ts";
import { ServiceError } from "#worker/services/service-error.ts";

/** Deepest nesting of arrays and objects that a body may have; far beyond any real one, far below a stack overflow. */
export const MAX_BODY_DEPTH = 200;

/**
 * Parses UTF-8 JSON from outside.
 * @throws ServiceError 400 `invalid_json`; 400 `invalid_name` for a key `__proto__`, or that of stored values, anywhere; 400 `too_deep`.
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  const value = parse(bytes);
  inspect(value);
  return value;
}

function parse(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) {
    throw new ServiceError(400, "invalid_json", "The body is empty. Send a JSON object.");
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServiceError(400, "invalid_json", `The body is not valid JSON: ${reason}`, { cause });
  }
}

/** Walks with a stack of its own: a body nested a million deep must not overflow the call stack. */
function inspect(root: unknown): void {
  const stack: { value: object; depth: number }[] = [];
  const push = (value: unknown, depth: number): void => {
    if (typeof value !== "object" || value === null) {
      return;
    }
    if (depth > MAX_BODY_DEPTH) {
      throw new ServiceError(400, "too_deep", `The body is nested deeper than ${MAX_BODY_DEPTH} levels.`);
    }
    stack.push({ value, depth });
  };
  push(root, 1);
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    if (Object.hasOwn(item.value, "__proto__")) {
      throw new ServiceError(
        400,
        "invalid_name",
        'The body holds a key "__proto__", which is not allowed as a name. Rename it.',
      );
    }
    if (Object.hasOwn(item.value, STORED_KEY)) {
      const shown = JSON.stringify(STORED_KEY);
      throw new ServiceError(400, "invalid_name", `The body holds a key ${shown}, which is reserved. Rename it.`);
    }
    for (const element of Array.isArray(item.value) ? item.value : Object.values(item.value)) {
      push(element, item.depth + 1);
    }
  }
}
