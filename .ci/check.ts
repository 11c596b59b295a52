import { type Step, runStep } from "./run-step.ts";

/** Everything that can be known without running the project: format, lint with the direction of dependencies, types. */
export const CHECKS: Step[] = [
  { name: "types of the pages' routes", command: ["react-router", "typegen"] },
  { name: "types of the Workers runtime", command: ["wrangler", "types", "--include-env=false"] },
  { name: "format", command: ["oxfmt", "--check"] },
  { name: "lint", command: ["oxlint", "--deny-warnings"] },
  ...["core", "workers", "app", "node", "workerd"].map((world): Step => ({
    name: `types: ${world}`,
    command: ["tsc", "-p", `tsconfig.${world}.json`, "--noEmit"],
  })),
];

export async function runChecks(): Promise<{ passed: number; failed: number }> {
  let failed = 0;
  for (const step of CHECKS) {
    if (!(await runStep(step))) failed++;
  }
  return { passed: CHECKS.length - failed, failed };
}

if (import.meta.main) {
  const { failed } = await runChecks();
  const boundaries = await runStep({
    name: "boundaries",
    command: ["vitest", "run", "--project", "unit", "test/boundaries"],
  });
  process.exitCode = failed === 0 && boundaries ? 0 : 1;
}
