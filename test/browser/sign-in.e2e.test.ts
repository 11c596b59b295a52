import { expect, it } from "vitest";
import { describeInBrowser, expectProblem, signIn } from "./browser.ts";

describeInBrowser("signing in", (browser) => {
  it("refuses a wrong password, says so, and lets the right one in", async () => {
    const page = await browser.open();
    await page.goto("/");
    expect(new URL(page.url()).pathname).toBe("/sign-in");

    expectProblem(/status of 401/);
    await page.getByRole("textbox", { name: "Email" }).fill(browser.server.email);
    await page.getByRole("textbox", { name: "Password" }).fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect.poll(() => page.getByRole("alert").textContent()).toContain("No account has this email and password");
    expect(new URL(page.url()).pathname).toBe("/sign-in");

    await page.getByRole("textbox", { name: "Password" }).fill(browser.server.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Agents", exact: true }).waitFor();
  });

  it("leads back to the page that was asked for, and only to pages of this site", async () => {
    const page = await browser.open();
    await page.goto("/runs?status=FAILED");
    expect(new URL(page.url()).searchParams.get("next")).toBe("/runs?status=FAILED");
    await page.getByRole("textbox", { name: "Email" }).fill(browser.server.email);
    await page.getByRole("textbox", { name: "Password" }).fill(browser.server.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Runs", exact: true }).waitFor();

    await page.goto("/sign-in?next=//elsewhere.example/");
    await page.getByRole("heading", { name: "Agents", exact: true }).waitFor();
    expect(page.url()).toBe(`${browser.server.url}/`);
  });

  it("signs out and keeps everything behind the sign-in page", async () => {
    const page = await browser.open();
    await signIn(page, browser.server);
    await page.getByRole("button", { name: /^Account of/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Weft" }).waitFor();
    await page.goto("/runs");
    expect(new URL(page.url()).pathname).toBe("/sign-in");
  });

  it("answers an unknown page and an unknown run with 404 and a way back", async () => {
    const page = await browser.open();
    await signIn(page, browser.server);
    expectProblem(/status of 404/);
    for (const path of ["/nothing-here", "/runs/01890000-0000-7000-8000-000000000000", "/agents/nobody"]) {
      const response = await page.goto(path);
      expect(response?.status(), path).toBe(404);
      await page.getByRole("heading", { name: "Not found" }).waitFor();
    }
    await page.getByRole("link", { name: "Back to the agents" }).click();
    await page.getByRole("heading", { name: "Agents", exact: true }).waitFor();
  });
});
