import { HTTPException } from "hono/http-exception";
import { GraphError } from "#graph/errors.ts";
import type { GraphErrorCode } from "#graph/errors.ts";
import { ServiceError } from "#worker/services/service-error.ts";

const GRAPH_STATUS: Partial<Record<GraphErrorCode, number>> = {
  invalid_name: 400,
  graph_too_large: 413,
};

/** The refusal that an error stands for, or undefined when it is a bug or an outage. */
export function toServiceError(error: unknown): ServiceError | undefined {
  if (error instanceof ServiceError) {
    return error;
  }
  if (error instanceof GraphError) {
    const details = error.details.length > 0 ? { findings: error.details.slice(0, 100) } : undefined;
    return new ServiceError(GRAPH_STATUS[error.code] ?? 422, error.code, error.message, { details, cause: error });
  }
  if (error instanceof HTTPException && error.status < 500) {
    const code = error.status === 400 ? "bad_request" : "refused";
    return new ServiceError(error.status, code, error.message, { cause: error });
  }
  return undefined;
}
