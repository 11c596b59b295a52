import { GraphError } from "#graph/errors.ts";
import type { GraphErrorCode } from "#graph/errors.ts";
import { ServiceError } from "./service-error.ts";

const STATUS: Partial<Record<GraphErrorCode, number>> = { invalid_name: 400, graph_too_large: 413 };

/** Runs a step of the graph model, whose refusals become those of a use case: same code and message, `details.findings`. */
export function refusingGraphs<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof GraphError)) {
      throw error;
    }
    const details = error.details.length > 0 ? { findings: error.details.slice(0, 100) } : undefined;
    throw new ServiceError(STATUS[error.code] ?? 422, error.code, error.message, { details, cause: error });
  }
}
