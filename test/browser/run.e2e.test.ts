import type { Page, WebSocketRoute } from "playwright-core";
import { expect, it } from "vitest";
import { block, describeInBrowser, importFixture } from "./browser.ts";

const status = (page: Page) => page.getByTestId("run-bar").textContent();
const output = (page: Page, name: string) => page.locator(`[data-output="${name}"]`);

describeInBrowser("running an agent", (browser) => {
  it("asks for its inputs, runs it, and shows what every block did", async () => {
    const id = await importFixture(browser.server, "invitations");
    const page = await browser.openSignedIn();
    await page.goto(`/agents/${id}`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.locator("#input_guests-error").getByText("This input is required.").waitFor();

    await page.getByRole("textbox", { name: "Guests" }).fill("Ada\nGrace\nLin");
    await page.getByRole("combobox", { name: "Tone" }).click();
    await page.getByRole("option", { name: "Hello" }).click();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect.poll(() => status(page), { timeout: 30_000 }).toContain("Completed");
    await expect
      .poll(() => output(page, "letters").locator("pre").allTextContents())
      .toEqual([
        "Hello Ada, you are invited to the summer party.",
        "Hello Grace, you are invited to the summer party.",
        "Hello Lin, you are invited to the summer party.",
      ]);
    expect(await output(page, "total").locator("pre").allTextContents()).toEqual(["3"]);
    // The page may be loaded with the end of the run; the blocks' states come with the events.
    await expect.poll(() => block(page, "Write the letter").getAttribute("data-status")).toBe("COMPLETED");
    await expect.poll(() => block(page, "Write the letter").textContent()).toContain("×3");

    await block(page, "Write the letter").click();
    const panel = page.getByTestId("node-panel");
    await expect.poll(() => panel.textContent()).toContain("Execution 3 of 3");
    expect(await panel.textContent()).toContain("Lin");
    await panel.getByRole("button", { name: "Earlier execution" }).click();
    expect(await panel.textContent()).toContain("Hello Grace, you are invited");

    await page.getByRole("tab", { name: "History" }).click();
    await expect.poll(() => page.getByRole("tabpanel", { name: "History" }).textContent()).toContain("Completed");
  });

  it("shows states and outputs while the run goes on, and stops it", async () => {
    const id = await importFixture(browser.server, "two-timers");
    const page = await browser.openSignedIn();
    await page.goto(`/agents/${id}`);
    await page.getByRole("button", { name: "Run", exact: true }).click();

    await expect
      .poll(() => output(page, "begun").locator("pre").allTextContents(), { timeout: 30_000 })
      .toEqual(["begun"]);
    expect(await status(page)).toContain("Running");
    expect(await output(page, "halfway").count()).toBe(0);
    await expect.poll(() => block(page, "Short timer").getAttribute("data-status")).toBe("RUNNING");
    expect(await block(page, "Long timer").getAttribute("data-status")).toBeNull();

    await expect
      .poll(() => output(page, "halfway").locator("pre").allTextContents(), { timeout: 30_000 })
      .toEqual(["begun"]);
    await expect.poll(() => block(page, "Long timer").getAttribute("data-status")).toBe("RUNNING");
    expect(await block(page, "Short timer").getAttribute("data-status")).toBe("COMPLETED");

    await page.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => status(page)).toContain("Stopped");
    await page.getByText("The run was stopped").waitFor();
    await expect.poll(() => block(page, "Long timer").getAttribute("data-status")).toBe("TERMINATED");
    expect(await output(page, "halfway").locator("pre").allTextContents()).toEqual(["begun"]);
    expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(0);
  });

  it("shows what a block has gathered, and then the list", async () => {
    const id = await importFixture(browser.server, "gathered");
    const page = await browser.openSignedIn();
    await page.goto(`/agents/${id}`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    // A run that has just begun shows its outputs; who clicks before that is led away again.
    await expect.poll(() => status(page), { timeout: 30_000 }).toContain("Running");
    await block(page, "Both words").click();
    const values = page.getByTestId("node-panel").locator("pre");
    await expect.poll(() => values.allTextContents(), { timeout: 30_000 }).toEqual(['[\n  "begun"\n]']);
    await expect.poll(() => status(page), { timeout: 30_000 }).toContain("Completed");
    const both = '[\n  "begun",\n  "begun"\n]';
    await expect.poll(() => values.allTextContents(), { timeout: 30_000 }).toEqual([both, both, "2"]);
    await page.getByRole("tab", { name: "Outputs" }).click();
    await expect.poll(() => output(page, "list").locator("pre").allTextContents(), { timeout: 30_000 }).toEqual([both]);
  });

  it("says that the connection is lost, comes back by itself and misses and repeats nothing", async () => {
    const id = await importFixture(browser.server, "two-timers");
    const page = await browser.openSignedIn();
    const sockets: WebSocketRoute[] = [];
    let refusing = false;
    await page.routeWebSocket(/\/live\?after=/, (socket) => {
      sockets.push(socket);
      if (refusing) {
        void socket.close({ code: 1011 });
      } else {
        socket.connectToServer();
      }
    });
    await page.goto(`/agents/${id}`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    // The block's state comes by the socket only, so something has come through it.
    await expect.poll(() => block(page, "begun").getAttribute("data-status"), { timeout: 30_000 }).toBe("COMPLETED");

    refusing = true;
    await sockets.at(-1)?.close({ code: 1011 });
    await page.getByText("Connection lost").waitFor();
    const before = sockets.length;
    await expect.poll(() => sockets.length).toBeGreaterThan(before);
    refusing = false;

    await expect
      .poll(() => output(page, "halfway").locator("pre").allTextContents(), { timeout: 60_000 })
      .toEqual(["begun"]);
    expect(await output(page, "begun").locator("pre").allTextContents()).toEqual(["begun"]);
    expect(await page.getByText("Connection lost").count()).toBe(0);
    const resumedAfter = Number(new URL(sockets.at(-1)?.url() ?? "").searchParams.get("after"));
    expect(resumedAfter, sockets.map((socket) => socket.url()).join(" ")).toBeGreaterThan(0);
    await page.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => status(page)).toContain("Stopped");
  });

  it("shows a finished run at its own address and steps back through it", async () => {
    const id = await importFixture(browser.server, "invitations");
    const run = await startByApi(browser.server, { graph_id: id, inputs: { guests: "Ada" }, wait_seconds: 30 });
    expect(run.status).toBe("COMPLETED");
    const page = await browser.openSignedIn();
    await page.goto("/runs");
    await page.goto(`/runs/${run.id}`);
    await expect.poll(() => block(page, "letters").getAttribute("data-status")).toBe("COMPLETED");
    expect(await output(page, "letters").locator("pre").allTextContents()).toEqual([
      "Dear Ada, you are invited to the summer party.",
    ]);

    await page.getByRole("button", { name: "Step through the run" }).click();
    const slider = page.getByRole("slider");
    await slider.focus();
    await slider.press("Home");
    await expect.poll(() => page.getByTestId("run-bar").textContent()).toContain("Event 1 of");
    expect(await block(page, "letters").getAttribute("data-status")).toBeNull();
    await page.getByRole("button", { name: "Show the end" }).click();
    await expect.poll(() => block(page, "letters").getAttribute("data-status")).toBe("COMPLETED");

    // Its inputs are filled in, ready to run again.
    await page.getByRole("tab", { name: "Inputs" }).click();
    await expect.poll(() => page.getByRole("textbox", { name: "Guests" }).inputValue()).toBe("Ada");
  });

  it("says what failed, where, and what to do", async () => {
    const id = await importFixture(browser.server, "broken-address");
    const page = await browser.openSignedIn();
    await page.goto(`/agents/${id}`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const failure = page.getByTestId("run-failure");
    await failure.waitFor();
    expect(await failure.textContent()).toContain("At block “Fetch the page”");
    expect(await failure.textContent()).toContain("WEFT_EGRESS_ALLOW");
    // The page may be loaded with the end of the run before its events have come.
    await expect.poll(() => block(page, "Fetch the page").getAttribute("data-status")).toBe("FAILED");
    await failure.getByRole("button", { name: "Show block" }).click();
    await expect.poll(() => page.getByTestId("node-panel").textContent()).toContain("What to do");
  });

  it("lists and filters runs and keeps the list fresh", async () => {
    const broken = await importFixture(browser.server, "broken-address");
    await startByApi(browser.server, { graph_id: broken, inputs: {}, wait_seconds: 30 });
    const page = await browser.openSignedIn();
    await page.goto(`/runs?agent=${broken}`);
    await page.getByRole("row", { name: /Broken address/ }).waitFor();
    await page.getByRole("combobox", { name: "Filter by status" }).selectOption("COMPLETED");
    await page.getByText("No run matches the filter.").waitFor();
    await page.getByRole("combobox", { name: "Filter by status" }).selectOption("FAILED");
    await page.getByRole("row", { name: /Broken address/ }).waitFor();
    expect(await page.locator("tbody tr").count()).toBe(1);

    const id = await importFixture(browser.server, "two-timers");
    await page.goto(`/runs?agent=${id}&status=RUNNING`);
    await page.getByText("No run matches the filter.").waitFor();
    const run = await startByApi(browser.server, { graph_id: id, inputs: {}, wait_seconds: 0 });
    // Nobody touches the page: it asks again by itself.
    await page.locator("tbody tr").filter({ hasText: "Running" }).waitFor();
    await cancelByApi(browser.server, run.id);
    await page.getByText("No run matches the filter.").waitFor();
  });
});

interface Server {
  url: string;
  apiKey: string;
}

interface StartedRun {
  id: string;
  status: string;
}

async function startByApi(
  server: Server,
  body: { graph_id: string; inputs: object; wait_seconds: number },
): Promise<StartedRun> {
  const response = await post(server, "/api/v1/executions", body);
  const run: unknown = await response.json();
  if (typeof run === "object" && run !== null && "id" in run && "status" in run) {
    return { id: String(run.id), status: String(run.status) };
  }
  throw new Error(`The run did not start: ${JSON.stringify(run)}`);
}

async function cancelByApi(server: Server, id: string): Promise<void> {
  const response = await post(server, `/api/v1/executions/${id}/cancel`, {});
  expect(response.status).toBeLessThan(300);
}

function post(server: Server, path: string, body: object): Promise<Response> {
  return fetch(server.url + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${server.apiKey}` },
    body: JSON.stringify(body),
  });
}
