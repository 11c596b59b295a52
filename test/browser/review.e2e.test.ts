import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { block, describeInBrowser, expectProblem, importFixture, NARROW } from "./browser.ts";

const AGENT_BLOCK = "e189baac-8c20-45a1-94a7-55177ea42565";
const INPUT_BLOCK = "c0a8e994-ebf1-4a9c-a4d8-89d09c86741b";
const OUTPUT_BLOCK = "363ae599-353e-4804-937e-b2ee3cef3da4";
const TIMER_BLOCK = "d67a9c52-5e4e-11e2-bcfd-0800200c9a71";

const bar = (page: Page) => page.getByTestId("run-bar");
const reviews = (page: Page) => page.getByTestId("reviews");
const outputs = (page: Page, name: string) => page.locator(`[data-output="${name}"] pre`).allTextContents();

describeInBrowser("what a run asks people", (browser) => {
  it("shows the question, takes the edited data, and the run goes on with it", async () => {
    const id = await importFixture(browser.server, "letter-review");
    const page = await browser.openSignedIn();
    await page.goto(`/agents/${id}`);
    await page.getByRole("button", { name: "Run", exact: true }).click();

    await reviews(page).getByRole("heading", { name: "Send this letter?" }).waitFor();
    await expect.poll(() => bar(page).textContent()).toContain("In review");
    expect(await reviews(page).textContent()).toContain("Goes on without an answer");
    // The page is loaded with the question; the blocks' states come with the events.
    await expect.poll(() => block(page, "Ask somebody").getAttribute("data-status")).toBe("REVIEW");
    await expect
      .poll(() => block(page, "Ask somebody").getByTestId("waiting").textContent())
      .toMatch(/Waits for a decision until .*left/);

    await block(page, "Ask somebody").click();
    await page.getByTestId("waiting-notice").getByRole("button", { name: "Decide" }).click();
    await expect.poll(() => reviews(page).evaluate((element) => element === document.activeElement)).toBe(true);
    const data = reviews(page).getByRole("textbox", { name: "Data" });
    expect(await data.inputValue()).toBe("Dear Ada");
    await data.fill("Dearest Ada");
    await reviews(page).getByText("Changed by you").waitFor();
    await reviews(page).getByRole("textbox", { name: "Message" }).fill("warmer");
    await reviews(page).getByRole("button", { name: "Approve" }).click();

    await reviews(page).getByText("Approved: Send this letter?").waitFor();
    // The buttons are gone, and the keyboard is not lost with them.
    await expect.poll(() => reviews(page).evaluate((element) => element === document.activeElement)).toBe(true);
    await expect.poll(() => bar(page).textContent(), { timeout: 30_000 }).toContain("Completed");
    await page.getByRole("tab", { name: "Outputs" }).click();
    await expect.poll(() => outputs(page, "sent")).toEqual(["Dearest Ada"]);
    expect(await outputs(page, "remark")).toEqual(["warmer"]);
    expect(await outputs(page, "kept")).toEqual([]);
    await reviews(page).getByRole("button", { name: "Dismiss" }).click();
    expect(await reviews(page).count()).toBe(0);
  });

  it("can be found in the list of runs and rejected, by keyboard on a narrow screen", async () => {
    const id = await importFixture(browser.server, "letter-review");
    const run = await post(browser.server, "/api/v1/executions", { graph_id: id, inputs: { letter: "Dear Bob" } });
    const page = await browser.openSignedIn({ viewport: NARROW });
    await page.goto("/runs");
    await page.getByRole("link", { name: "Waiting for you: 1" }).click();
    await page.waitForURL(/status=REVIEW/);
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1);
    await page.goto(`/runs/${run.id}/reviews/n2`);
    await page.waitForURL(`**/runs/${run.id}`);

    const message = reviews(page).getByRole("textbox", { name: "Message" });
    await message.focus();
    await page.keyboard.type("too short");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Reject");
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    await page.keyboard.press("Enter");
    await reviews(page).getByText("Rejected: Send this letter?").waitFor();
    await expect.poll(() => outputs(page, "kept"), { timeout: 30_000 }).toEqual(["Dear Bob"]);
    expect(await outputs(page, "remark")).toEqual(["too short"]);
  });

  it("asks one after the other, keeps what was written, and approves the rest when told so", async () => {
    const id = await importFixture(browser.server, "orders-review");
    const page = await browser.openSignedIn();
    await page.goto(`/agents/${id}`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await reviews(page).getByText("1 of 3").waitFor();
    const data = reviews(page).getByRole("textbox", { name: "Data" });
    expect(JSON.parse(await data.inputValue())).toEqual({ order: 1 });

    await data.fill('{"order": ');
    await reviews(page).getByRole("button", { name: "Approve" }).click();
    await reviews(page).getByText("Not valid JSON").waitFor();
    expect(await data.evaluate((element) => element === document.activeElement)).toBe(true);
    await reviews(page).getByRole("button", { name: "Next question" }).click();
    expect(JSON.parse(await data.inputValue())).toEqual({ order: 2 });
    await reviews(page).getByRole("button", { name: "Previous question" }).click();
    expect(await data.inputValue()).toBe('{"order": ');
    await data.fill('{"order": 1, "gift": true}');
    await reviews(page).getByRole("button", { name: "Approve" }).click();
    await reviews(page).getByText("1 of 2").waitFor();
    await reviews(page)
      .getByRole("checkbox", { name: /Also approve further ones/ })
      .check();
    await reviews(page).getByRole("button", { name: "Approve" }).click();

    await expect.poll(() => bar(page).textContent(), { timeout: 30_000 }).toContain("Completed");
    const shipped = (await outputs(page, "shipped")).map((text) => JSON.parse(text) as unknown);
    expect(shipped).toEqual([{ order: 1, gift: true }, { order: 2 }, { order: 3 }]);
  });

  it("says that somebody else was faster", async () => {
    const id = await importFixture(browser.server, "letter-review");
    const run = await post(browser.server, "/api/v1/executions", { graph_id: id, inputs: {} });
    const page = await browser.openSignedIn();
    // This page hears nothing of the other decision.
    await page.routeWebSocket(/\/live\?after=/, () => undefined);
    await page.goto(`/runs/${run.id}`);
    await expect
      .poll(async () => {
        await page.reload();
        return reviews(page).count();
      })
      .toBe(1);
    const [asked] = (await get(browser.server, `/api/v1/executions/${run.id}/reviews`)).items;
    await post(browser.server, `/api/v1/executions/${run.id}/reviews/${asked?.review_id}`, { approved: true });
    await reviews(page).getByRole("button", { name: "Reject" }).click();
    await reviews(page).getByText("Already decided").waitFor();
    expect(await reviews(page).getByRole("button", { name: "Reject" }).count()).toBe(0);
  });

  it("keeps what was written when the server does not answer", async () => {
    const id = await importFixture(browser.server, "letter-review");
    const page = await browser.openSignedIn();
    expectProblem(/ERR_FAILED/);
    await page.goto(`/agents/${id}`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const data = reviews(page).getByRole("textbox", { name: "Data" });
    await data.fill("Dear nobody");
    await page.route(/\/reviews\//, (route) => route.abort());
    await reviews(page).getByRole("button", { name: "Approve" }).click();
    await reviews(page).getByText("The server does not answer").waitFor();
    expect(await data.inputValue()).toBe("Dear nobody");
    await page.unroute(/\/reviews\//);
    await reviews(page).getByRole("button", { name: "Approve" }).click();
    await expect.poll(() => outputs(page, "sent"), { timeout: 30_000 }).toEqual(["Dear nobody"]);
  });
});

describeInBrowser("runs that wait", (browser) => {
  it("are paused and resumed", async () => {
    const id = await importFixture(browser.server, "two-timers");
    const page = await browser.openSignedIn();
    await page.goto(`/agents/${id}`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect
      .poll(() => block(page, "Short timer").getByTestId("waiting").textContent(), { timeout: 30_000 })
      .toMatch(/Waits until .*left/);
    await page.getByRole("button", { name: "Pause" }).click();
    await bar(page).getByTestId("paused").waitFor();
    expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(0);
    // Its time is over, and it is held all the same.
    await expect.poll(() => block(page, "Short timer").getAttribute("data-status"), { timeout: 30_000 }).toBe("QUEUED");
    expect(await outputs(page, "halfway")).toEqual([]);

    await page.getByRole("button", { name: "Resume" }).click();
    await expect.poll(() => outputs(page, "halfway"), { timeout: 30_000 }).toEqual(["begun"]);
    expect(await bar(page).getByTestId("paused").count()).toBe(0);
    await block(page, "Long timer").click();
    await page.getByTestId("waiting-notice").getByText("This block waits for a time.").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => bar(page).textContent()).toContain("Stopped");
    expect(await page.getByTestId("waiting-notice").count()).toBe(0);
  });

  it("ask the server for nothing while they wait, and their list ever more seldom", async () => {
    const id = await importFixture(browser.server, "letter-review");
    const run = await post(browser.server, "/api/v1/executions", { graph_id: id, inputs: {} });
    const page = await browser.openSignedIn();
    await page.clock.install();
    await page.goto(`/runs/${run.id}`);
    await reviews(page).getByRole("heading", { name: "Send this letter?" }).waitFor();
    await bar(page).getByText("Live").waitFor();
    await page.waitForLoadState("networkidle");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("websocket", (socket) => asked.push(socket.url()));
    await page.clock.runFor("01:00:00");
    await expect.poll(() => block(page, "Ask somebody").getByTestId("waiting").textContent()).toMatch(/2[23] h/);
    expect(asked).toEqual([]);

    await page.goto("/runs?status=REVIEW");
    await page.locator("tbody tr").first().waitFor();
    asked.length = 0;
    await page.clock.runFor("00:10:00");
    expect(asked.filter((url) => url.includes("/runs")).length).toBeLessThan(30);
  });

  it("lead from an agent to the agent that it runs, and back", async () => {
    const child = await post(browser.server, "/api/v1/graphs", {
      name: "Slow child",
      nodes: [
        { id: "in", block_id: INPUT_BLOCK, input_default: { name: "word" } },
        { id: "wait", block_id: TIMER_BLOCK, input_default: { days: 30 } },
        { id: "out", block_id: OUTPUT_BLOCK, input_default: { name: "late" } },
      ],
      links: [link("in.result", "wait.input_message"), link("wait.output_message", "out.value")],
    });
    const schema = (name: string) => ({ type: "object", properties: { [name]: {} }, required: [] });
    const parent = await post(browser.server, "/api/v1/graphs", {
      name: "Patient parent",
      nodes: [
        { id: "in", block_id: INPUT_BLOCK, input_default: { name: "word" } },
        {
          id: "agent",
          block_id: AGENT_BLOCK,
          input_default: {
            user_id: "",
            graph_id: child.id,
            graph_version: 1,
            inputs: {},
            input_schema: schema("word"),
            output_schema: schema("late"),
          },
          metadata: { customized_name: "The child" },
        },
        { id: "out", block_id: OUTPUT_BLOCK, input_default: { name: "result" } },
      ],
      links: [link("in.result", "agent.word"), link("agent.late", "out.value")],
    });
    const run = await post(browser.server, "/api/v1/executions", { graph_id: parent.id, inputs: { word: "hi" } });
    const page = await browser.openSignedIn();
    await page.goto(`/runs/${run.id}`);
    await block(page, "The child").getByTestId("waiting").getByText("Runs another agent").waitFor();
    await block(page, "The child").click();
    await page.getByTestId("node-panel").getByRole("link", { name: "Open its run" }).click();
    await page.getByRole("heading", { name: "Slow child", level: 1 }).waitFor();
    expect(page.url()).not.toContain(run.id);
    await bar(page).getByRole("link", { name: "Started by another run" }).click();
    await page.waitForURL(`**/runs/${run.id}`);
    // The address changes a moment before the page: until then the button is the child's.
    await page.getByRole("heading", { name: "Patient parent", level: 1 }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => bar(page).textContent()).toContain("Stopped");
  });
});

interface Server {
  url: string;
  apiKey: string;
}

interface Answered {
  id: string;
  items: { review_id: string }[];
}

let links = 0;
function link(source: string, sink: string): object {
  const [source_id, source_name] = source.split(".");
  const [sink_id, sink_name] = sink.split(".");
  links += 1;
  return { id: `l${links}`, source_id, source_name, sink_id, sink_name };
}

function post(server: Server, path: string, body: object): Promise<Answered> {
  return ask(server, path, { method: "POST", body: JSON.stringify(body) });
}

function get(server: Server, path: string): Promise<Answered> {
  return ask(server, path, {});
}

async function ask(server: Server, path: string, init: RequestInit): Promise<Answered> {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${server.apiKey}` };
  const response = await fetch(server.url + path, { ...init, headers });
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  return (await response.json()) as Answered;
}
