import * as z from "zod";
import { isJsonValue } from "#graph/json-value.ts";
import type { JsonObject } from "#graph/json.ts";
import { asRefusal, type Refusal, requireServices } from "#app/services.server.ts";
import type { Route } from "./+types/start-run.ts";

const requestSchema = z.object({
  graph_version: z.number().int().min(1),
  inputs: z.custom<JsonObject>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value) && isJsonValue(value),
  ),
});

export type StartRunAnswer = { ok: true; execution_id: string } | { ok: false; refusal: Refusal };

/** Starts a run of the agent. */
export async function action({ context, request, params }: Route.ActionArgs): Promise<StartRunAnswer> {
  const services = requireServices(context, request);
  const parsed = requestSchema.safeParse(await request.json().catch(() => null));
  if (!parsed.success) {
    return {
      ok: false,
      refusal: { code: "invalid_request", message: "The inputs were sent in an unknown shape.", status: 400 },
    };
  }
  try {
    const run = await services.executions.start({ graph_id: params.graphId, ...parsed.data });
    return { ok: true, execution_id: run.id };
  } catch (error) {
    return { ok: false, refusal: refusalOrThrow(error) };
  }
}

function refusalOrThrow(error: unknown): Refusal {
  const refusal = asRefusal(error);
  if (refusal === undefined) {
    throw error;
  }
  return refusal;
}
