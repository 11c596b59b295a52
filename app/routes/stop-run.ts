import { asRefusal, type Refusal, requireServices } from "#app/services.server.ts";
import type { Route } from "./+types/stop-run.ts";

export type StopRunAnswer = { ok: true } | { ok: false; refusal: Refusal };

/** Stops a run. One that has ended already stays as it ended. */
export async function action({ context, request, params }: Route.ActionArgs): Promise<StopRunAnswer> {
  const services = requireServices(context, request);
  try {
    await services.executions.cancel(params.executionId);
    return { ok: true };
  } catch (error) {
    const refusal = asRefusal(error);
    if (refusal === undefined) {
      throw error;
    }
    return { ok: false, refusal };
  }
}
