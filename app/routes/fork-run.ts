import { redirect } from "react-router";
import * as z from "zod";
import { isJsonObject, isJsonValue } from "#graph/json-value.ts";
import type { JsonObject } from "#graph/json.ts";
import { RERUN_KEY } from "#app/run/rerun-key.ts";
import { requireServices, type StartAnswer, toStartAnswer, unknownShape } from "#app/services.server.ts";
import { orUnreachable } from "#app/unreachable.ts";
import type { Route } from "./+types/fork-run.ts";

const requestSchema = z.strictObject({
  key: z.string().regex(RERUN_KEY),
  node_execution_id: z.string().min(1).max(100),
  inputs: z.custom<JsonObject>((value) => isJsonObject(value) && isJsonValue(value)),
});

export function clientAction({ serverAction }: Route.ClientActionArgs): Promise<StartAnswer> {
  return orUnreachable<StartAnswer>(serverAction);
}

/** Somebody had to sign in first: the run's blocks have the form. */
export function loader({ params }: Route.LoaderArgs) {
  return redirect(`/runs/${encodeURIComponent(params.executionId)}`);
}

/** Starts a run that goes on from a node execution of this one. */
export async function action({ context, request, params }: Route.ActionArgs): Promise<StartAnswer> {
  const { executions } = requireServices(context, request);
  const parsed = requestSchema.safeParse(await request.json().catch(() => null));
  if (!parsed.success) {
    return unknownShape("The values were sent in an unknown shape.");
  }
  const { key, ...at } = parsed.data;
  return toStartAnswer(executions.fork(params.executionId, at, key));
}
