import { expect, it } from "vitest";
import { describeInBrowser, importFixture, NARROW } from "./browser.ts";

interface Server {
  url: string;
  apiKey: string;
}

interface Estimate {
  sample_size: number;
  outliers: { execution_id: string }[];
}

describeInBrowser("what runs take", (browser) => {
  it("is told before a run, and a run that took much longer is marked and explained", async () => {
    const id = await importFixture(browser.server, "short-wait");
    const page = await browser.openSignedIn();
    await page.goto(`/agents/${id}`);
    await page.getByRole("textbox", { name: "Seconds" }).waitFor();
    expect(await page.getByTestId("estimate").count()).toBe(0);

    for (let count = 0; count < 100; count += 10) {
      await Promise.all(Array.from({ length: 10 }, () => run(browser.server, id, 0)));
    }
    await expect
      .poll(async () => (await estimateOf(browser.server, id)).sample_size, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(100);
    await page.goto(`/agents/${id}`);
    const estimate = page.getByTestId("estimate");
    await estimate.waitFor();
    expect(await estimate.textContent()).toContain("Usually takes");
    expect(await estimate.textContent()).toMatch(/From 1\d\d earlier runs/);

    const slow = await run(browser.server, id, 12);
    await expect
      .poll(async () => (await estimateOf(browser.server, id)).outliers.map((each) => each.execution_id), {
        timeout: 60_000,
      })
      .toEqual([slow]);
    await page.goto(`/runs?agent=${id}`);
    const marks = page.getByTestId("unusual");
    await marks.waitFor();
    expect(await marks.getAttribute("title")).toMatch(/^It took [\d,]+× what this agent usually takes\.$/);
    await page.getByRole("row").filter({ has: marks }).getByRole("link").first().click();
    const notice = page.getByTestId("unusual-notice");
    await notice.waitFor();
    expect(page.url()).toContain(slow);
    expect(await notice.textContent()).toContain("This run took unusually long");
    expect(await notice.textContent()).toMatch(/It took 1\d(\.\d)? s, [\d,]+× what this agent usually takes/);
    await page.getByRole("tab", { name: "History" }).click();
    await expect.poll(() => marks.count()).toBe(1);

    const narrow = await browser.openSignedIn({ viewport: NARROW, locale: "zh-CN" });
    for (const path of [`/agents/${id}`, `/runs/${slow}`, `/runs?agent=${id}`]) {
      await narrow.goto(path);
      await narrow.getByText(/通常/).first().waitFor({ state: "attached" });
      expect(await narrow.evaluate("document.documentElement.scrollWidth"), path).toBe(NARROW.width);
    }
  });
});

/** Starts a run that waits so many seconds; answers its id when it has ended. */
async function run(server: Server, graphId: string, seconds: number): Promise<string> {
  const body = { graph_id: graphId, inputs: { seconds }, wait_seconds: 60 };
  const response = await fetch(`${server.url}/api/v1/executions`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${server.apiKey}` },
    body: JSON.stringify(body),
  });
  const { id, status } = (await response.json()) as { id: string; status: string };
  expect(status).toBe("COMPLETED");
  return id;
}

async function estimateOf(server: Server, graphId: string): Promise<Estimate> {
  const headers = { Authorization: `Bearer ${server.apiKey}` };
  const response = await fetch(`${server.url}/api/v1/graphs/${graphId}/estimate`, { headers });
  return (await response.json()) as Estimate;
}
