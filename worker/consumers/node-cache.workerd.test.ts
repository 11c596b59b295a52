import { describe, expect, it } from "vitest";
import type { Block, ProviderCredential } from "#blocks/define-block.ts";
import { blockRegistry } from "#blocks/registry.ts";
import type { Lease } from "#durable-objects/execution/protocol.ts";
import { testEnv } from "#test/workerd/api-client.ts";
import { openDatabase } from "#worker/db/database.ts";
import { cacheKey, createNodeCache, MAX_CACHED_CHARS } from "./node-cache.ts";
import type { CacheSlot } from "./node-cache.ts";

const db = openDatabase(testEnv.DB);
const block = blockRegistry.get("b1ab9b19-67a6-406d-abf5-2dba76d00c79") as Block;

function lease(change: Partial<Lease> = {}): Lease {
  return {
    node_execution_id: "n1",
    node_id: "sum",
    block_id: block.descriptor.id,
    attempt: 1,
    input: { a: 1 },
    input_default: { operation: "Add", b: 2 },
    effects: "pure",
    timeout_ms: 1_000,
    deadline: 0,
    idempotency_key: "k",
    cache: { ttl_seconds: 10 },
    resume: null,
    ...change,
  };
}

let now = 1_000_000;
const cache = createNodeCache(
  db,
  () => now,
  () => undefined,
);

async function slot(workspaceId: string, change?: Partial<Lease>): Promise<CacheSlot> {
  const found = await cache.slot(workspaceId, lease(change), block);
  if (found === null) {
    throw new Error("there is no slot");
  }
  return found;
}

describe("[RU9] the cache of node results", () => {
  it("gives what was kept until its time is over", async () => {
    const workspace = crypto.randomUUID();
    const mine = await slot(workspace);
    expect(await mine.read()).toBeNull();
    await mine.write([
      ["result", 3],
      ["result", { deep: [null, "é"] }],
    ]);
    expect(await (await slot(workspace, { node_id: "other" })).read()).toEqual([
      ["result", 3],
      ["result", { deep: [null, "é"] }],
    ]);
    expect(await (await slot(crypto.randomUUID())).read()).toBeNull();
    now += 10_000;
    expect(await mine.read()).toBeNull();
    await mine.write([]);
    expect(await mine.read()).toEqual([]);
  });

  it("clears expired rows away when it writes", async () => {
    const workspace = crypto.randomUUID();
    const rows = async (): Promise<number> =>
      (
        await db.$client
          .prepare("SELECT count(*) AS n FROM node_cache WHERE workspace_id = ?")
          .bind(workspace)
          .first<{ n: number }>()
      )?.n ?? 0;
    for (const a of [1, 2, 3]) {
      await (await slot(workspace, { input: { a } })).write([]);
    }
    expect(await rows()).toBe(3);
    now += 60_000;
    await (await slot(workspace, { input: { a: 4 } })).write([]);
    expect(await rows()).toBe(1);
  });

  it("knows executions by block, workspace and input with its defaults, not by how the input came", async () => {
    const key = (change: Partial<Lease>, of: Block = block, workspace = "w"): Promise<string | null> =>
      cacheKey(workspace, lease(change), { block: of, credentialOf: () => undefined });
    const plain = await key({});
    expect(plain).toMatch(/^[0-9a-f]{64}$/);
    expect(await key({ input: { b: 2, a: "1" }, input_default: { operation: "Add" } })).toBe(plain);
    expect(await key({ input_default: { operation: "Add", b: 2, round_result: false } })).toBe(plain);
    const changed = { ...block, descriptor: { ...block.descriptor, description: "Another version." } };
    const counted = { ...block, descriptor: { ...block.descriptor, version: 2 } };
    const others = [
      await key({}, counted),
      await key({ input: { a: 2 } }),
      await key({}, changed),
      await key({}, block, "v"),
      await key({ input: { a: 1, extra: 1 } }),
    ];
    expect(new Set([plain, ...others]).size).toBe(6);
  });

  it("knows a block that uses credentials by its provider's address and key, and any other not", async () => {
    const own = { openai: { apiKey: "sk-one" } } as Record<string, ProviderCredential>;
    const key = (credentials: Record<string, ProviderCredential>, providers: string[]): Promise<string | null> =>
      cacheKey("w", lease(), { block: { ...block, providers }, credentialOf: (provider) => credentials[provider] });
    const plain = await key(own, ["openai"]);
    expect(await key({ ...own, anthropic: { apiKey: "other" } }, ["openai"])).toBe(plain);
    const others = [
      await key({ openai: { apiKey: "sk-two" } }, ["openai"]),
      await key({ openai: { apiKey: "sk-one", baseUrl: "https://a.test/v1" } }, ["openai"]),
      await key({ openai: { apiKey: "sk-one", baseUrl: "https://b.test/v1" } }, ["openai"]),
      await key({}, ["openai"]),
    ];
    expect(new Set([plain, ...others]).size).toBe(5);
    expect(await key(own, [])).toBe(await key({}, []));
  });

  it("is not for what acts once, goes on after a wait, does not ask for it, or has no input that fits", async () => {
    const resume = { reason: "timer", state: null, data: null } as const;
    for (const change of [{ effects: "once" }, { resume }, { cache: null }, { input: {} }] as Partial<Lease>[]) {
      expect(await cache.slot("w", lease(change), block)).toBeNull();
    }
  });

  it("does not keep what is too large", async () => {
    const mine = await slot(crypto.randomUUID());
    await mine.write([["result", "x".repeat(MAX_CACHED_CHARS)]]);
    expect(await mine.read()).toBeNull();
  });

  it("fails nothing when the database does", async () => {
    const broken = openDatabase({
      prepare: () => {
        throw new Error("no database");
      },
    } as unknown as D1Database);
    const mine = await createNodeCache(
      broken,
      () => now,
      () => undefined,
    ).slot("w", lease(), block);
    expect(await mine?.read()).toBeNull();
    await expect(mine?.write([["result", 1]])).resolves.toBeUndefined();
  });
});
