import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Locator, Page } from "playwright-core";
import { afterAll, expect, it } from "vitest";
import type { JsonObject } from "#graph/json.ts";
import { agentFile } from "../agent-file.ts";
import { block, describeInBrowser, expectProblem, NARROW } from "./browser.ts";
import { runEnded } from "../e2e/check-run.ts";
import type { TestServer } from "../e2e/server.ts";

/** Answers what stands after the last `/`; calls of `/order/` are hung up on while it is out of order. */
class Shop {
  readonly seen: string[] = [];
  outOfOrder = true;
  readonly #server: Server = createServer(({ method, url = "", socket }, response) => {
    this.seen.push(`${method} ${url}`);
    if (this.outOfOrder && url.startsWith("/order/")) {
      socket.destroy();
    } else {
      response.setHeader("content-type", "application/json").end(JSON.stringify(url.split("/").at(-1)));
    }
  });
  host = "";

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Calls since this was last asked. */
  calls(): string[] {
    return this.seen.splice(0);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const shop = new Shop();
afterAll(() => shop.stop());

const NAMES: Record<string, string> = { look: "Look it up", address: "Address", order: "Order" };

/** Asks for the price of a thing, then orders it. */
function orderAgent(): JsonObject {
  const file = agentFile("Order", "", {
    nodes: {
      thing: ["input", { name: "thing" }],
      where: ["template", { format: `http://${shop.host}/price/{{ thing }}` }],
      look: ["webRequest", { method: "GET" }],
      address: ["template", { format: `http://${shop.host}/order/{{ thing }}` }],
      order: ["webRequest", { method: "PUT", headers: { "x-shop": "corner" } }],
      out: ["output", { name: "ordered" }],
    },
    links: [
      ["thing.result", "where.values_#_thing"],
      ["where.output", "look.url"],
      ["look.response", "address.values_#_thing"],
      ["address.output", "order.url"],
      ["order.response", "out.value"],
    ],
  });
  const nodes = (file["nodes"] as { id: string; metadata: JsonObject }[]).map(({ metadata, ...node }) => ({
    ...node,
    metadata: { ...metadata, customized_name: NAMES[node.id] ?? null },
  }));
  return { ...file, nodes };
}

async function failedRun({ client }: TestServer): Promise<string> {
  shop.outOfOrder = true;
  shop.calls();
  const { id: graph_id } = await client.importGraph(orderAgent());
  const { id } = await client.startExecution({ graph_id, inputs: { thing: "tea" } });
  expect(await runEnded(client, id)).toMatchObject({ status: "FAILED", error: { node_id: "order" } });
  expect(shop.calls()).toEqual(["GET /price/tea", "PUT /order/tea"]);
  return id;
}

const bar = (page: Page) => page.getByTestId("run-bar");
const outputs = (page: Page) => page.locator('[data-output="ordered"] pre');
/** Machines that test are busy. */
const isFocused = (element: Locator) => element.evaluate((found) => found === document.activeElement);
const form = (page: Page) => page.getByTestId("fork-form");

/** Waits for the page of the run that comes from `origin`, and for its end; answers its id. */
async function completedFrom(page: Page, origin: string): Promise<string> {
  const name = new RegExp(`^(Retry of|Forked from) …${origin.slice(-8)}$`);
  await bar(page).getByRole("link", { name }).waitFor();
  await expect.poll(() => bar(page).textContent()).toContain("Completed");
  return new URL(page.url()).pathname.slice("/runs/".length);
}

describeInBrowser(
  "a run that failed",
  (browser) => {
    it("is retried with one click, and then run again from a block with another input", async () => {
      const failed = await failedRun(browser.server);
      const page = await browser.openSignedIn();
      await page.goto(`/runs/${failed}`);
      await page.getByTestId("run-failure").getByText("Order").waitFor();
      const retry = page.getByRole("button", { name: "Retry from failed blocks" });
      await retry.hover();
      await page.getByRole("tooltip").getByText("The results of all blocks that completed are taken over.").waitFor();

      shop.outOfOrder = false;
      await retry.click();
      const retried = await completedFrom(page, failed);
      // The button is gone, and the keyboard is not lost with it.
      expect(await retry.count()).toBe(0);
      await expect.poll(() => isFocused(bar(page))).toBe(true);
      expect(shop.calls()).toEqual(["PUT /order/tea"]);
      expect(await browser.server.client.execution(retried)).toMatchObject({ retried_from: failed, source: "page" });
      await page.getByRole("tab", { name: "Outputs" }).click();
      await expect.poll(() => outputs(page).allTextContents()).toEqual(["tea"]);

      await block(page, "Address").click();
      await page.getByRole("button", { name: "Run again from here" }).click();
      const value = form(page).getByRole("textbox", { name: "values_#_thing" });
      expect(await value.inputValue()).toBe("tea");
      await form(page).getByText("JSON", { exact: true }).first().click();
      await value.fill('{"not": ');
      await form(page).getByText("Not valid JSON").waitFor();
      await form(page).getByRole("button", { name: "Start a new run with the changes" }).click();
      await expect.poll(() => isFocused(value)).toBe(true);
      await value.fill('"coffee"');
      await form(page).getByText("Changed by you").waitFor();
      await form(page).getByRole("button", { name: "Start a new run with the changes" }).click();

      const forked = await completedFrom(page, retried);
      expect(await form(page).count()).toBe(0);
      await expect.poll(() => isFocused(bar(page))).toBe(true);
      expect(shop.calls()).toEqual(["PUT /order/coffee"]);
      await page.getByRole("tab", { name: "Outputs" }).click();
      await expect.poll(() => outputs(page).allTextContents()).toEqual(["coffee"]);
      const { forked_from } = await browser.server.client.execution(forked);
      expect(forked_from).toMatchObject({ execution_id: retried });

      await page.getByRole("link", { name: /^Forked from / }).click();
      await page.waitForURL(`**/runs/${retried}`);
      await page.getByRole("link", { name: /^Retry of / }).click();
      await page.waitForURL(`**/runs/${failed}`);
      await expect.poll(() => bar(page).textContent()).toContain("Failed");
      expect(await bar(page).getByRole("link").count()).toBe(0);
    });

    it("says why no run was started, and starts none twice when an answer was lost", async () => {
      const failed = await failedRun(browser.server);
      const page = await browser.openSignedIn();
      await page.goto(`/runs/${failed}`);
      await page.getByRole("button", { name: "Show block" }).click();
      shop.outOfOrder = false;

      await page.route(/\/fork\.data/, (route) => {
        const body = JSON.parse(route.request().postData() ?? "") as JsonObject;
        return route.continue({ postData: JSON.stringify({ ...body, node_execution_id: "n99" }) });
      });
      await page.getByRole("button", { name: "Run again from here" }).click();
      await form(page).getByRole("button", { name: "Start a new run" }).click();
      await form(page).getByRole("alert").getByText("The run has no such node execution.").waitFor();
      await form(page).getByRole("button", { name: "Cancel" }).click();

      expectProblem(/Failed to load resource/);
      let lost = 0;
      await page.route(
        /\/retry\.data/,
        async (route) => {
          await route.fetch();
          lost += 1;
          await route.abort();
        },
        { times: 1 },
      );
      const retry = page.getByRole("button", { name: "Retry from failed blocks" });
      await retry.click();
      await bar(page).getByText("The run could not be retried: The server does not answer.").waitFor();
      await retry.click();
      await completedFrom(page, failed);
      expect(lost).toBe(1);
      expect(shop.calls()).toEqual(["PUT /order/tea"]);
    });

    it("can be run again from a block by keyboard alone, on a narrow screen", async () => {
      const failed = await failedRun(browser.server);
      shop.outOfOrder = false;
      const page = await browser.openSignedIn({ viewport: NARROW });
      await page.goto(`/runs/${failed}`);
      await page.getByRole("button", { name: "Show block" }).click();
      const fork = page.getByRole("button", { name: "Run again from here" });
      await fork.focus();
      await page.keyboard.press("Enter");
      const headers = form(page).getByRole("textbox", { name: "headers" });
      expect(JSON.parse(await headers.inputValue())).toEqual({ "x-shop": "corner" });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(NARROW.width);
      await page.keyboard.press("Escape");
      await form(page).waitFor({ state: "detached" });
      await expect.poll(() => isFocused(fork)).toBe(true);
      await page.keyboard.press("Enter");
      await form(page).getByRole("textbox", { name: "method" }).focus();
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.type("POST");
      await form(page).getByRole("button", { name: "Start a new run with the changes" }).focus();
      await page.keyboard.press("Enter");
      await completedFrom(page, failed);
      expect(shop.calls()).toEqual(["POST /order/tea"]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(NARROW.width);
    });
  },
  async () => {
    await shop.start();
    return { WEFT_EGRESS_ALLOW: shop.host };
  },
);
