import { type Answer, requireServices, toAnswer } from "#app/services.server.ts";
import type { Route } from "./+types/stop-run.ts";

/** Stops a run. One that has ended already stays as it ended. */
export function action({ context, request, params }: Route.ActionArgs): Promise<Answer> {
  return toAnswer(requireServices(context, request).executions.cancel(params.executionId));
}
