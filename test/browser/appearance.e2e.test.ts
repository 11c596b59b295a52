import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { block, describeInBrowser, importFixture, NARROW } from "./browser.ts";

describeInBrowser("appearance", (browser) => {
  it("fits a narrow screen without scrolling sideways, and everything can be used there", async () => {
    const id = await importFixture(browser.server, "invitations");
    const page = await browser.openSignedIn({ viewport: NARROW });
    for (const path of ["/", "/runs", `/agents/${id}`]) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth"), path).toBe(NARROW.width);
    }
    await block(page, "letters").waitFor();
    await page.getByRole("textbox", { name: "Guests" }).fill("Ada");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect
      .poll(() => page.locator('[data-output="letters"] pre').allTextContents(), { timeout: 30_000 })
      .toHaveLength(1);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(NARROW.width);
  });

  it("follows the system's dark scheme from the first paint, and a choice lasts", async () => {
    const page = await browser.openSignedIn({ colorScheme: "dark" });
    expect(await scheme(page)).toBe("dark");
    expect(await lightness(page)).toBeLessThan(60);
    await page.getByRole("button", { name: "Colour scheme" }).click();
    await page.getByRole("menuitem", { name: "Light" }).click();
    await expect.poll(() => scheme(page)).toBe("light");
    expect(await lightness(page)).toBeGreaterThan(200);
    await page.reload();
    expect(await scheme(page)).toBe("light");
  });

  it("speaks Chinese to a browser that asks for it, and switches by hand", async () => {
    const page = await browser.openSignedIn({ locale: "zh-CN" });
    await page.getByRole("heading", { name: "智能体", exact: true }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-Hans");
    await page.getByRole("button", { name: "语言" }).click();
    await page.getByRole("menuitem", { name: "English" }).click();
    await page.getByRole("heading", { name: "Agents", exact: true }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Agents", exact: true }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
  });

  it("can be used with the keyboard alone", async () => {
    const id = await importFixture(browser.server, "invitations");
    const page = await browser.openSignedIn();
    await page.goto(`/agents/${id}`);
    await block(page, "Every guest").waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement?.textContent")).toBe("Skip to content");
    await page.locator('.react-flow__node[data-id="each"]').focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByTestId("node-panel").textContent()).toContain("Every guest");
  });

  it("arranges blocks that have no places, without one covering another", async () => {
    const id = await importFixture(browser.server, "two-timers");
    const page = await browser.openSignedIn();
    await page.goto(`/agents/${id}`);
    await block(page, "Long timer").waitFor();
    const boxes = await page.getByTestId("block-node").evaluateAll((nodes) =>
      nodes.map((node) => {
        const { left, top, right, bottom } = node.getBoundingClientRect();
        return { left, top, right, bottom };
      }),
    );
    expect(boxes).toHaveLength(6);
    for (const [index, a] of boxes.entries()) {
      for (const b of boxes.slice(index + 1)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart, JSON.stringify([a, b])).toBe(true);
      }
    }
  });

  it("forbids code that was not sent by this site", async () => {
    const page = await browser.openSignedIn();
    const policy = (await page.reload())?.headers()["content-security-policy"] ?? "";
    const scripts = policy.split("; ").find((part) => part.startsWith("script-src")) ?? "";
    expect(scripts).toMatch(/^script-src 'self' 'nonce-[\w-]+'$/);
  });
});

function scheme(page: Page): Promise<string | null> {
  return page.locator("html").getAttribute("data-mantine-color-scheme");
}

/** Mean of the red, green and blue of the page's background, 0 to 255. */
async function lightness(page: Page): Promise<number> {
  const color: string = await page.evaluate("getComputedStyle(document.body).backgroundColor");
  const [red = 0, green = 0, blue = 0] = (color.match(/\d+/g) ?? []).map(Number);
  return (red + green + blue) / 3;
}
