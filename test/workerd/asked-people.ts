import type { ExecutionView, ReviewView } from "#durable-objects/execution/protocol.ts";
import { RUNS } from "./api-client.ts";
import type { Tenant } from "./api-client.ts";
import { until } from "./until.ts";

/** What people are asked by a run, as soon as it asks so many. @throws Error when the run ends before */
export async function askedPeople(tenant: Tenant, runId: string, count = 1): Promise<[ReviewView, ...ReviewView[]]> {
  let reviews: ReviewView[] = [];
  await until(async () => {
    const { body } = await tenant.client.call<ExecutionView>(`${RUNS}/${runId}`);
    if (body.ended_at !== null) {
      throw new Error(`The run ended and asked nobody: ${JSON.stringify(body)}`);
    }
    reviews = (await tenant.client.call<{ items: ReviewView[] }>(`${RUNS}/${runId}/reviews`)).body.items;
    return reviews.length >= count;
  });
  return reviews as [ReviewView, ...ReviewView[]];
}
