import { afterAll, expect, it } from "vitest";
import { startFakeLlm } from "#cli/fake-llm/server.ts";
import type { FakeLlm } from "#cli/fake-llm/server.ts";
import { asking } from "#test/e2e/agents.ts";
import { block, describeInBrowser } from "./browser.ts";

let llm: FakeLlm | undefined;
afterAll(() => llm?.close());

async function withPrices(): Promise<Record<string, string>> {
  llm = await startFakeLlm();
  llm.enqueue({ text: "Because.", usage: { inputTokens: 1_200, outputTokens: 34 } });
  return {
    OPENAI_API_KEY: "fake",
    OPENAI_BASE_URL: llm.openAiBaseUrl,
    WEFT_EGRESS_ALLOW: llm.address,
    WEFT_MODEL_PRICES: '{"openai": {"gpt-4o": {"input": 2.5, "output": 10}}}',
  };
}

describeInBrowser(
  "what a run costs",
  (browser) => {
    it("is in its bar, at its block and in the list of runs", async () => {
      const { id } = await browser.server.client.importGraph(asking.file);
      const run = await browser.server.client.startExecution({ graph_id: id, inputs: { prompt: "Why?" } });
      const page = await browser.openSignedIn();
      await page.goto(`/runs/${run.id}`);
      const bar = page.getByTestId("run-bar");
      await expect.poll(() => bar.textContent(), { timeout: 30_000 }).toContain("Cost: $0.0033");
      expect(await bar.textContent()).toContain("Tokens in / out: 1,200 / 34");
      await block(page, "AI Text Generator").click();
      const panel = page.getByTestId("node-panel");
      await expect.poll(() => panel.textContent()).toContain("Cost: $0.0033");
      await page.goto("/runs");
      await page.getByRole("columnheader", { name: "Cost" }).waitFor();
      await page.getByRole("cell", { name: "$0.0033" }).waitFor();
    });
  },
  withPrices,
);
