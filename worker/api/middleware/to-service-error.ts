import { HTTPException } from "hono/http-exception";
import { ServiceError } from "#worker/services/service-error.ts";

/** The refusal that an error stands for, or undefined when it is a bug or an outage. */
export function toServiceError(error: unknown): ServiceError | undefined {
  if (error instanceof ServiceError) {
    return error;
  }
  if (error instanceof HTTPException && error.status < 500) {
    const code = error.status === 400 ? "bad_request" : "refused";
    return new ServiceError(error.status, code, error.message, { cause: error });
  }
  return undefined;
}
