import { errorMessage, log } from "#durable-objects/logger.ts";
import { ServiceError } from "./service-error.ts";

/** Calls of an object that answers with a passing failure before its caller is told to come back. */
const TRIES = 3;
const RETRY_AFTER_S = 2;

export interface ObjectCall {
  /** Whose object it is, for people. */
  of: "run" | "workspace";
  /** Its id, for the log. */
  id: string;
  /** Doing it a second time changes nothing more and answers the same. */
  repeatable: boolean;
}

/**
 * One call of a Durable Object. A failure that the platform says will pass is followed by another try where that is safe, up to three in all; an
 * object that has more calls than it can take is left alone at once. `call` opens a stub each time: one that has thrown may be broken for good.
 * @throws ServiceError 503 `overloaded` with `retryAfter`; anything else that the call threw, as it is.
 */
export async function callObject<T>(call: () => Promise<T>, { of, id, repeatable }: ObjectCall): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      const pressure = backPressureOf(error);
      if (pressure === null) {
        throw error;
      }
      if (pressure === "passing" && repeatable && tries < TRIES) {
        continue;
      }
      log("warn", `the object of a ${of} could not be reached`, { id, pressure, tries, error: errorMessage(error) });
      throw overloaded(error, { of, maybeDone: pressure === "passing" && !repeatable });
    }
  }
}

/**
 * What the platform says of a failed call of an object: `overloaded`, it was not taken and more calls make it worse; `passing`, it may or may not have been
 * carried out and the next may succeed. Null: the object's own failure.
 */
export function backPressureOf(error: unknown): "overloaded" | "passing" | null {
  if (typeof error !== "object" || error === null) {
    return null;
  }
  const { overloaded: full, retryable, durableObjectReset: reset } = error as Record<string, unknown>;
  if (full === true) {
    return "overloaded";
  }
  // An object that was just leaving the memory, or whose code was replaced, is there again at the next call.
  return retryable === true || reset === true || isUnnamedFailure(error) ? "passing" : null;
}

/** The platform's own failure, of which it tells only where its operators can look it up: no descriptors left, a disk that is full. */
function isUnnamedFailure(error: object): boolean {
  return "message" in error && typeof error.message === "string" && /^internal error\b/.test(error.message);
}

function overloaded(cause: unknown, { of, maybeDone }: { of: string; maybeDone: boolean }): ServiceError {
  const message = maybeDone
    ? `The ${of} did not answer, and may have done what was asked. Look at it, then try again.`
    : `More is asked of this ${of} than can be dealt with at the moment. Nothing was changed; try again in ${RETRY_AFTER_S} s.`;
  return new ServiceError(503, "overloaded", message, { retryAfter: RETRY_AFTER_S, cause });
}
