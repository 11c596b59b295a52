import { redirect } from "react-router";
import * as z from "zod";
import { isJsonValue } from "#graph/json-value.ts";
import type { JsonValue } from "#graph/json.ts";
import { type Answer, requireServices, toAnswer, unknownShape } from "#app/services.server.ts";
import { orUnreachable } from "#app/unreachable.ts";
import type { Route } from "./+types/decide-review.ts";

const decisionSchema = z.strictObject({
  approved: z.boolean(),
  data: z.custom<JsonValue>((value) => isJsonValue(value)).optional(),
  message: z.string().max(10_000).optional(),
  auto_approve_future: z.boolean(),
});

export function clientAction({ serverAction }: Route.ClientActionArgs): Promise<Answer> {
  return orUnreachable<Answer>(serverAction);
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
    return unknownShape("The decision was sent in an unknown shape.");
  }
  const { approved, data, message, auto_approve_future: autoApprove } = parsed.data;
  const decision = {
    approved,
    ...(data === undefined ? {} : { data }),
    ...(message === undefined ? {} : { message }),
  };
  return toAnswer(executions.decideReview(params.executionId, params.reviewId, decision, autoApprove));
}
