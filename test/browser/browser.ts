import { readFileSync } from "node:fs";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { startServer, type TestServer } from "#test/e2e/server.ts";
import { findChromium } from "./chromium.ts";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];
/** Longest wait for something to show, ms. Long, because machines that test are busy. */
const PATIENCE_MS = 30_000;

export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 390, height: 844 };

const found = findChromium();
if ("missing" in found) {
  if (process.env["CI"] === "true") {
    throw new Error(found.missing);
  }
  console.warn(`The browser tests are skipped. ${found.missing}`);
}

export interface TestBrowser {
  server: TestServer;
  /** A page in a context of its own, not signed in. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /** The same, signed in as the owner, at the list of agents. */
  openSignedIn(options?: BrowserContextOptions): Promise<Page>;
}

/**
 * A group of tests in a real browser against a server of its own. Whatever a page writes to its console as an error, and every uncaught
 * exception and broken security policy, fails the test that caused it, unless the test has said that it expects it. `environment` is what is set for
 * the server beside that of the tests.
 */
export function describeInBrowser(
  name: string,
  define: (browser: TestBrowser) => void,
  environment: () => Promise<Record<string, string>> = async () => ({}),
): void {
  describe.skipIf("missing" in found)(name, () => {
    let running: { browser: Browser; server: TestServer } | undefined;
    let signedIn: Awaited<ReturnType<BrowserContext["storageState"]>> | undefined;
    const contexts: BrowserContext[] = [];

    beforeAll(async () => {
      const server = await startServer({ env: await environment() });
      const browser = await chromium.launch({ executablePath: "path" in found ? found.path : "", args: ARGUMENTS });
      running = { browser, server };
    });
    afterEach(async () => {
      await Promise.all(contexts.splice(0).map((context) => context.close()));
      expect(problems.splice(0)).toEqual([]);
    });
    afterAll(async () => {
      await running?.browser.close();
      await running?.server.stop();
    });

    const need = () => {
      if (running === undefined) {
        throw new Error("The browser has not been started");
      }
      return running;
    };
    const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
      const { browser, server } = need();
      const context = await browser.newContext({ baseURL: server.url, viewport: WIDE, locale: "en-GB", ...options });
      context.setDefaultTimeout(PATIENCE_MS);
      contexts.push(context);
      const page = await context.newPage();
      watch(page);
      return whenReady(page);
    };
    define({
      get server() {
        return need().server;
      },
      open,
      async openSignedIn(options = {}) {
        if (signedIn === undefined) {
          const page = await open();
          await signIn(page, need().server);
          signedIn = await page.context().storageState();
        }
        const page = await open({ storageState: signedIn, ...options });
        await page.goto("/");
        return page;
      },
    });
  });
}

/** Loads of the page wait for its scripts too: before that, a click meets nothing. */
function whenReady(page: Page): Page {
  const load = page.goto.bind(page);
  page.goto = async (url, options) => {
    const response = await load(url, options);
    await page.locator("html[data-ready]").waitFor();
    return response;
  };
  return page;
}

const problems: string[] = [];
let expected: RegExp[] = [];

/** Says that the page will report this, and why that is right is the test's business. */
export function expectProblem(pattern: RegExp): void {
  expected.push(pattern);
}

afterEach(() => {
  expected = [];
});

function watch(page: Page): void {
  const report = (text: string) => {
    if (!expected.some((pattern) => pattern.test(text))) {
      problems.push(text);
    }
  };
  page.on("pageerror", (error) => report(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") {
      report(`console: ${message.text()} (${message.location().url})`);
    }
  });
}

export async function signIn(page: Page, { email, password }: Pick<TestServer, "email" | "password">): Promise<void> {
  await page.goto("/sign-in");
  await page.getByRole("textbox", { name: "Email" }).fill(email);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Agents", exact: true }).waitFor();
  await page.locator("html[data-ready]").waitFor();
}

export function fixturePath(name: string): string {
  return new URL(`./fixtures/${name}.json`, import.meta.url).pathname;
}

/** Puts an agent on the server by its API; answers its id. */
export async function importFixture(server: TestServer, name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/v1/graphs`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${server.apiKey}` },
    body: readFileSync(fixturePath(name), "utf8"),
  });
  expect(response.status, await response.clone().text()).toBe(201);
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null || !("id" in body) || typeof body.id !== "string") {
    throw new Error("The server answered an import without the id of the graph");
  }
  return body.id;
}

/** The card of a block in the graph. */
export function block(page: Page, title: string) {
  return page.locator(`[data-testid="block-node"][data-node-title="${title}"]`);
}
