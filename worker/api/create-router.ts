import { OpenAPIHono } from "@hono/zod-openapi";
import type { InvalidField } from "#worker/contracts/error.ts";
import { ServiceError } from "#worker/services/service-error.ts";
import type { ApiEnv } from "./api-env.ts";

interface Issue {
  path: readonly PropertyKey[];
  message: string;
}

/** A router whose bodies, parameters and queries are refused with the paths of what is wrong with them. */
export function createRouter(): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) {
        throw invalidRequest(result.target, result.error.issues);
      }
    },
  });
}

/** 422 `invalid_request` with `details.fields`: one `{path, message}` for each finding. */
export function invalidRequest(where: string, issues: readonly Issue[]): ServiceError {
  const fields: InvalidField[] = issues.slice(0, 100).map((issue) => ({
    path: issue.path.map(String).join("."),
    message: issue.message,
  }));
  const first = fields[0];
  const at = first === undefined || first.path === "" ? "" : ` at "${first.path}"`;
  return new ServiceError(422, "invalid_request", `The ${where} is not valid${at}: ${first?.message ?? "unknown"}`, {
    details: { in: where, fields },
  });
}
