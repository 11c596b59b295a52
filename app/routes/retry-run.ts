import { redirect } from "react-router";
import * as z from "zod";
import { RERUN_KEY } from "#app/run/rerun-key.ts";
import { requireServices, type StartAnswer, toStartAnswer, unknownShape } from "#app/services.server.ts";
import { orUnreachable } from "#app/unreachable.ts";
import type { Route } from "./+types/retry-run.ts";

const requestSchema = z.strictObject({ key: z.string().regex(RERUN_KEY) });

export function clientAction({ serverAction }: Route.ClientActionArgs): Promise<StartAnswer> {
  return orUnreachable<StartAnswer>(serverAction);
}

/** Somebody had to sign in first: the run has the button. */
export function loader({ params }: Route.LoaderArgs) {
  return redirect(`/runs/${encodeURIComponent(params.executionId)}`);
}

/** Starts a run that takes over what completed in this one. */
export async function action({ context, request, params }: Route.ActionArgs): Promise<StartAnswer> {
  const { executions } = requireServices(context, request);
  const parsed = requestSchema.safeParse(await request.json().catch(() => null));
  if (!parsed.success) {
    return unknownShape("The retry was sent in an unknown shape.");
  }
  return toStartAnswer(executions.retry(params.executionId, parsed.data.key));
}
