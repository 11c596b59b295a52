import type { JsonValue } from "#graph/json.ts";
import { readCallbackToken } from "#worker/auth/callback-token.ts";
import { callRun, unwrap } from "./execution-object.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { notFound } from "./service-error.ts";

/**
 * Ends a node execution's wait for a call. The token is the caller's right to it: no principal is needed (rule WT7).
 * @throws ServiceError 404 for a token that this deployment did not make or a run that is gone, 409 `callback_not_pending` when it was called before,
 * 503 `overloaded`.
 */
export async function takeCallback(deps: ServiceDeps, token: string, data: JsonValue): Promise<void> {
  const { WEFT_SECRET: secret } = deps.env;
  const target = secret === undefined || secret === "" ? null : readCallbackToken(secret, token);
  if (target === null) {
    throw notFound("callback");
  }
  const { executionId, nodeExecutionId } = target;
  unwrap(await callRun(deps, executionId, (run) => run.callback(nodeExecutionId, data), { repeatable: false }));
}
