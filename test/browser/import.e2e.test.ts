import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { block, describeInBrowser, fixturePath } from "./browser.ts";

describeInBrowser("importing agents", (browser) => {
  it("teaches how to begin while there is nothing", async () => {
    const page = await browser.openSignedIn();
    await page.getByRole("heading", { name: "No agents yet" }).waitFor();
    await page.getByRole("button", { name: "Keyword counter" }).click();
    await page.getByRole("heading", { name: "Keyword counter", level: 1 }).waitFor();
    await page.getByTestId("block-node").first().waitFor();
  });

  it("imports a chosen file and opens it", async () => {
    const page = await browser.openSignedIn();
    await page.locator("input[type=file]").setInputFiles(fixturePath("invitations"));
    await page.getByText("“Invitation letters” is imported and ready to run.").waitFor();
    await page.getByRole("link", { name: "Open" }).click();
    await page.getByRole("heading", { name: "Invitation letters" }).waitFor();
    await block(page, "Write the letter").waitFor();
    expect(await page.getByTestId("block-node").count()).toBe(9);
    expect(await page.getByTestId("note-node").textContent()).toContain("The occasion and the tone are static");
    // Links of input blocks are static, and drawn dashed.
    expect(await page.locator(".react-flow__edge.weft-static").count()).toBe(3);
    expect(await page.locator(".react-flow__edge:not(.weft-static)").count()).toBe(5);
  });

  it("imports several dropped files, each with its own outcome", async () => {
    const page = await browser.openSignedIn();
    await drop(page, [
      { name: "two-timers.json", text: readFileSync(fixturePath("two-timers"), "utf8") },
      { name: "notes.txt", text: "buy milk" },
      { name: "list.json", text: "[1, 2]" },
    ]);
    await page.getByText("“Two timers” is imported and ready to run.").waitFor();
    const alerts = page.getByRole("alert");
    await expect.poll(() => alerts.allTextContents()).toHaveLength(2);
    const texts = (await alerts.allTextContents()).join("\n");
    expect(texts).toContain("notes.txt is not JSON");
    expect(texts).toContain("list.json was not imported");
    await page.getByRole("button", { name: "Dismiss" }).click();
    expect(await alerts.count()).toBe(0);
    await page.getByRole("row", { name: /Two timers/ }).waitFor();
  });

  it("shows an unknown block as a placeholder that says what is missing, and does not run", async () => {
    const page = await browser.openSignedIn();
    await page.locator("input[type=file]").setInputFiles(fixturePath("unknown-block"));
    await page.getByText("“Postcard to a friend” is imported, with one thing to look at").waitFor();
    await page.getByRole("link", { name: "Open" }).click();
    await page.getByTestId("problems").waitFor();
    expect(await page.getByTestId("problems").textContent()).toContain("11111111-2222-4333-8444-555555555555");
    const placeholder = page.locator('[data-testid="block-node"][data-kind="missing"]');
    expect(await placeholder.textContent()).toContain("Block not available");
    expect(await placeholder.textContent()).toContain("Receipt");
    expect(await page.getByRole("button", { name: "Cannot run yet" }).isDisabled()).toBe(true);

    await page.getByTestId("problems").getByRole("button", { name: "Show block" }).click();
    await expect.poll(() => page.getByTestId("node-panel").textContent()).toContain("Replace it with another block");
    expect(await page.getByTestId("node-panel").textContent()).toContain("airmail");
  });

  it("shows names and texts from a file as text, never as markup", async () => {
    const page = await browser.openSignedIn();
    const evil = '<img src=x onerror="document.title=1"><b>bold</b>';
    const file = JSON.parse(readFileSync(fixturePath("invitations"), "utf8")) as Record<string, unknown> & {
      nodes: { id: string; input_default: Record<string, unknown> }[];
    };
    file["name"] = evil;
    file["description"] = evil;
    for (const node of file.nodes) {
      if (node.id === "note") {
        node.input_default["text"] = evil;
      }
    }
    await drop(page, [{ name: "evil.json", text: JSON.stringify(file) }]);
    await page.getByRole("link", { name: "Open" }).click();
    await page.getByRole("heading", { name: evil }).waitFor();
    await expect.poll(() => page.getByTestId("note-node").textContent()).toBe(evil);
    expect(await page.locator("img[src=x]").count()).toBe(0);
  });

  it("finds, exports and deletes an agent", async () => {
    const page = await browser.openSignedIn();
    await page.getByRole("searchbox", { name: "Search agents" }).fill("timers");
    await page.getByRole("searchbox", { name: "Search agents" }).press("Enter");
    await page.waitForURL(/q=timers/);
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    await page.getByRole("link", { name: "Two timers", exact: true }).click();
    await page.getByRole("heading", { name: "Two timers" }).waitFor();

    await page.getByRole("button", { name: "Two timers" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "Export" }).click();
    const file = JSON.parse(readFileSync(await (await download).path(), "utf8")) as { name: string; nodes: unknown[] };
    expect({ name: file.name, nodes: file.nodes.length }).toEqual({ name: "Two timers", nodes: 6 });

    await page.getByRole("button", { name: "Two timers" }).click();
    await page.getByRole("menuitem", { name: "Delete agent" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete agent" }).click();
    await page.waitForURL(`${browser.server.url}/`);
    await page.getByRole("heading", { name: "Agents", exact: true }).waitFor();
    expect(await page.getByRole("link", { name: "Two timers", exact: true }).count()).toBe(0);
  });
});

async function drop(page: Page, files: { name: string; text: string }[]): Promise<void> {
  // As text, because what it speaks of exists in the page only.
  const transfer = await page.evaluateHandle(`(() => {
    const data = new DataTransfer();
    for (const { name, text } of ${JSON.stringify(files)}) {
      data.items.add(new File([text], name));
    }
    return data;
  })()`);
  await page.dispatchEvent("body", "dragenter", { dataTransfer: transfer });
  await page.getByText("Drop to import").waitFor();
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}
