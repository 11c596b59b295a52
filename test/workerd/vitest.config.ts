import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { bundledPackages } from "./bundled-packages.ts";
import { exampleNetwork } from "./example-network.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export default defineConfig({
  root,
  plugins: [
    cloudflareTest(async ({ inject }) => ({
      main: `${root}test/workerd/worker.ts`,
      wrangler: { configPath: `${root}wrangler.toml` },
      miniflare: {
        bindings: {
          TEST_MIGRATIONS: await readD1Migrations(`${root}migrations`),
          OPENAI_API_KEY: "test-key",
          WEFT_SECRET: "a secret of more than thirty-two characters",
          WEFT_PUBLIC_URL: "https://weft.test",
          WEFT_MODEL_PRICES: JSON.stringify({ openai: { "gpt-4o-fault-empty": { input: 1_000, output: 1_000 } } }),
        },
        outboundService: exampleNetwork(inject("fakeLlm")),
      },
    })),
  ],
  test: {
    name: "workerd",
    include: ["{durable-objects,worker,test/workerd}/**/*.workerd.test.ts"],
    globalSetup: [`${root}test/workerd/example-llm.ts`],
    setupFiles: [`${root}test/workerd/empty-storage.ts`],
    testTimeout: 30_000,
    // A runtime loads some 400 modules, which takes longer than most files' tests: the files share them, and begin with empty storage.
    isolate: false,
    // One runtime has enough to do with the faults, which mostly wait for evictions, while the other one does the rest.
    maxWorkers: 2,
    // Projects with different numbers of workers must not be in one group.
    sequence: { groupOrder: 1 },
    deps: {
      optimizer: {
        ssr: {
          enabled: true,
          // Else each of their more than 1,000 modules is asked for by itself.
          include: bundledPackages(root),
          rolldownOptions: { external: [/^(node|cloudflare):/] },
        },
      },
    },
    // The second runtime would get every module that the first one loaded in a single message, more than it takes.
    fsModuleCache: false,
  },
});
