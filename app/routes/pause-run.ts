import { type Answer, requireServices, toAnswer } from "#app/services.server.ts";
import type { Route } from "./+types/pause-run.ts";

/** Holds a run: what runs, finishes, and no block is started any more. */
export function action({ context, request, params }: Route.ActionArgs): Promise<Answer> {
  return toAnswer(requireServices(context, request).executions.pause(params.executionId));
}
