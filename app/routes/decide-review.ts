import { redirect } from "react-router";
import * as z from "zod";
import { isJsonValue } from "#graph/json-value.ts";
import type { JsonValue } from "#graph/json.ts";
import { type Answer, requireServices, toAnswer } from "#app/services.server.ts";
import type { Route } from "./+types/decide-review.ts";

const decisionSchema = z.strictObject({
  approved: z.boolean(),
  data: z.custom<JsonValue>((value) => isJsonValue(value)).optional(),
  message: z.string().max(10_000).optional(),
  auto_approve_future: z.boolean(),
});

/** A lost connection is an answer too: the page must not break down over it, with what a person wrote on it. */
export async function clientAction({ serverAction }: Route.ClientActionArgs): Promise<Answer> {
  try {
    return await serverAction();
  } catch (error) {
    if (error instanceof TypeError) {
      return { ok: false, refusal: { code: "unreachable", message: error.message, status: 0 } };
    }
    throw error;
  }
}

/** Somebody opened the address of a review: its run asks it. */
export function loader({ params }: Route.LoaderArgs) {
  return redirect(`/runs/${encodeURIComponent(params.executionId)}`);
}

/** Takes a person's decision on a review. */
export async function action({ context, request, params }: Route.ActionArgs): Promise<Answer> {
  const { executions } = requireServices(context, request);
  const parsed = decisionSchema.safeParse(await request.json().catch(() => null));
  if (!parsed.success) {
    const message = "The decision was sent in an unknown shape.";
    return { ok: false, refusal: { code: "invalid_request", message, status: 400 } };
  }
  const { approved, data, message, auto_approve_future: autoApprove } = parsed.data;
  const decision = {
    approved,
    ...(data === undefined ? {} : { data }),
    ...(message === undefined ? {} : { message }),
  };
  return toAnswer(executions.decideReview(params.executionId, params.reviewId, decision, autoApprove));
}
