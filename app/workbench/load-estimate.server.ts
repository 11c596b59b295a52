import type { AppEstimate, AppServices } from "#worker/contracts/app-context.ts";

/** How long a page waits for an estimate, ms. It is there in a few, unless the workspace has very much to do. */
const PATIENCE_MS = 500;

/** What a run of the agent would take; null when that cannot be had now. No page fails or waits long for it. */
export async function loadEstimate(
  services: Pick<AppServices, "graphs">,
  graphId: string,
): Promise<AppEstimate | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS);
  });
  try {
    return await Promise.race([services.graphs.estimate(graphId), late]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
