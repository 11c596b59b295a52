import { describe, expect, it } from "vitest";
import { ApiClient, BOOTSTRAP_TOKEN, signIn } from "#test/workerd/api-client.ts";
import type { Tenant } from "#test/workerd/api-client.ts";
import type { BootstrapResponse } from "#worker/contracts/bootstrap.ts";

const starter = new ApiClient({ authorization: `Bearer ${BOOTSTRAP_TOKEN}` });
const bootstrap = (body?: unknown) => starter.call<BootstrapResponse>("/internal/bootstrap", { method: "POST", body });
const me = (headers: Record<string, string>) => new ApiClient(headers).call("/api/v1/me");

/** One test, because its steps are one story over one empty database. */
describe("bootstrapOwner", () => {
  it("makes one owner, once, however many starters ask; tells the secrets only then; and can give new ones", async () => {
    expect((await bootstrap({ email: "not an address" })).status).toBe(422);
    const answers = await Promise.all([bootstrap(), bootstrap(), bootstrap({})]);
    const [made] = answers.filter((answer) => answer.body.created);
    expect(answers.filter((answer) => answer.body.created)).toHaveLength(1);
    expect(made?.status).toBe(201);
    const owner = made?.body;
    for (const answer of [
      ...answers.filter((each) => !each.body.created),
      await bootstrap({ email: "other@weft.test" }),
    ]) {
      expect([answer.status, answer.body]).toEqual([200, { created: false, email: "owner@weft.local" }]);
    }
    const key = owner?.api_key ?? "";
    const account = { email: owner?.email ?? "", password: owner?.password ?? "" } as Tenant;
    expect((await me({ "x-api-key": key })).body).toMatchObject({
      user: { email: "owner@weft.local" },
      workspace: { role: "owner" },
    });
    const browser = await signIn(account);
    expect((await browser.call("/api/v1/me")).status).toBe(200);

    const renewed = await bootstrap({ reissue: true, password: "a password of one's own" });
    expect(renewed.body).toMatchObject({ created: false, password: "a password of one's own" });
    expect((await browser.call("/api/v1/me")).status).toBe(401);
    expect((await (await signIn(account)).call("/api/v1/me")).status).toBe(401);
    const again = await signIn({ ...account, password: "a password of one's own" });
    expect((await again.call("/api/v1/me")).status).toBe(200);
    expect((await me({ "x-api-key": renewed.body.api_key ?? "" })).status).toBe(200);
  });
});
