import type { LocalRuntime } from "../local-runtime.ts";
import type { RunTarget } from "../run-client.ts";

/** Runs a target from `clients` clients without a pause for `ms`. @throws Error at the first wrong answer */
export async function keepRunning(
  { client }: Pick<LocalRuntime, "client">,
  target: RunTarget,
  { clients, ms }: { clients: number; ms: number },
): Promise<{ runs: number; nodes: number }> {
  const until = performance.now() + ms;
  const done = { runs: 0, nodes: 0 };
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < until) {
        const answer = await client.run(target);
        if (!answer.ok) {
          throw new Error(answer.why);
        }
        done.runs += 1;
        done.nodes += answer.nodeExecutions;
      }
    }),
  );
  return done;
}
