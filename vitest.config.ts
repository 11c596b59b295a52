import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** One project per kind of test; docs/testing.md says what each may touch. */
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          environment: "node",
          include: [
            "{graph,blocks,durable-objects,worker,cli,app,bench,test/unit,test/property,test/boundaries,test/simulation}/**/*.test.ts",
          ],
          exclude: ["**/*.workerd.test.ts", "**/*.e2e.test.ts", "node_modules/**"],
          testTimeout: 30_000,
          // They compute. Vitest would leave one of two cores to itself, which it hardly uses.
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      "./test/workerd/vitest.config.ts",
      {
        extends: true,
        test: {
          name: "e2e",
          environment: "node",
          include: ["test/e2e/**/*.e2e.test.ts", "test/browser/**/*.e2e.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          // What a page shows comes when it comes; browser and server share two cores with whatever else runs.
          expect: { poll: { timeout: 30_000 } },
        },
      },
    ],
  },
});
