import { beforeAll, describe, expect, it } from "vitest";
import type { BlockLibrary } from "#worker/services/service-deps.ts";
import { ApiClient, createTenant } from "#test/workerd/api-client.ts";
import type { Tenant } from "#test/workerd/api-client.ts";

const CALCULATOR = "b1ab9b19-67a6-406d-abf5-2dba76d00c79";
let tenant: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
});

describe("blocks", () => {
  it("are listed and found by id, with their schemas", async () => {
    const list = await tenant.client.call<{ items: { id: string }[]; next_cursor: null }>("/api/v1/blocks");
    expect(list.body.next_cursor).toBeNull();
    const calculator = list.body.items.find((block) => block.id === CALCULATOR);
    expect(calculator).toMatchObject({ disabled: false, effects: "pure", input_schema: { type: "object" } });
    expect((await tenant.client.call(`/api/v1/blocks/${CALCULATOR}`)).body).toEqual(calculator);
    expect((await tenant.client.call("/api/v1/blocks/nope")).status).toBe(404);
  });

  it("run by themselves, with the checks of a run", async () => {
    const run = (inputs: unknown, id = CALCULATOR) =>
      tenant.client.call(`/api/v1/blocks/${id}/execute`, { body: { inputs } });
    const good = await run({ operation: "Add", a: 2, b: 3 });
    expect([good.status, good.body]).toEqual([200, { outputs: { result: [5] } }]);
    const bad = await run({ operation: "Add" });
    expect([bad.status, bad.body]).toMatchObject([422, { error: { code: "invalid_inputs" } }]);
    expect((await run({}, "nope")).status).toBe(404);
  });

  it("do not run where they are disabled, by any of the two addresses", async () => {
    const { blocks } = tenant.client.deps;
    const disable = <T extends { disabled: boolean }>(descriptor: T | undefined): T | undefined =>
      descriptor === undefined ? undefined : { ...descriptor, disabled: true };
    const library: BlockLibrary = {
      ...blocks,
      catalog: { ...blocks.catalog, get: (id) => disable(blocks.catalog.get(id)) },
    };
    const client = new ApiClient({ "x-api-key": tenant.apiKey }, { blocks: library });
    const body = { operation: "Add", a: 2, b: 3 };
    const own = await client.call(`/api/v1/blocks/${CALCULATOR}/execute`, { body: { inputs: body } });
    expect([own.status, own.body]).toMatchObject([403, { error: { code: "disabled_block" } }]);
    expect((await client.call(`/external-api/v1/blocks/${CALCULATOR}/execute`, { body })).status).toBe(403);
  });
});
