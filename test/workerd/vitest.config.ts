import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { exampleNetwork } from "./example-world.ts";

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
    globalSetup: [`${root}test/workerd/example-world.ts`],
    setupFiles: [`${root}test/workerd/apply-migrations.ts`],
    testTimeout: 30_000,
    // A second test file would get every module that the first one loaded in a single message, more than the runtime takes.
    fsModuleCache: false,
  },
});
