import { type Answer, requireServices, toAnswer } from "#app/services.server.ts";
import type { Route } from "./+types/resume-run.ts";

/** Lets a held run go on. */
export function action({ context, request, params }: Route.ActionArgs): Promise<Answer> {
  return toAnswer(requireServices(context, request).executions.resume(params.executionId));
}
