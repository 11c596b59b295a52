import * as z from "zod";
import { isJsonObject, isJsonValue } from "#graph/json-value.ts";
import type { JsonObject } from "#graph/json.ts";
import { requireServices, type StartAnswer, toStartAnswer, unknownShape } from "#app/services.server.ts";
import type { Route } from "./+types/start-run.ts";

const requestSchema = z.object({
  graph_version: z.number().int().min(1),
  inputs: z.custom<JsonObject>((value) => isJsonObject(value) && isJsonValue(value)),
});

/** Starts a run of the agent. */
export async function action({ context, request, params }: Route.ActionArgs): Promise<StartAnswer> {
  const services = requireServices(context, request);
  const parsed = requestSchema.safeParse(await request.json().catch(() => null));
  if (!parsed.success) {
    return unknownShape("The inputs were sent in an unknown shape.");
  }
  return toStartAnswer(services.executions.start({ graph_id: params.graphId, ...parsed.data }));
}
