import type { Block, ProviderCredential } from "#blocks/define-block.ts";
import type { Lease } from "#durable-objects/execution/protocol.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import { canonicalJson } from "#graph/canonical-json.ts";
import type { JsonValue } from "#graph/json.ts";
import { prepareInput } from "#graph/pins/prepare-input.ts";
import type { Database } from "#worker/db/database.ts";
import { findCachedOutputs, keepOutputs } from "#worker/db/node-cache-table.ts";
import type { CachedOutputs } from "#worker/db/node-cache-table.ts";

/** Characters of outputs as JSON that are kept for one node execution. */
export const MAX_CACHED_CHARS = 256 * 1024;

const MAX_TTL_MS = 366 * 86_400_000;

/** Changes when what is kept, or what a key is made of, changes its meaning. */
const FORMAT = 2;

/** Results of equal node executions of a workspace. Rule RU9 of the run's SPEC.md: neither method ever throws. */
export interface NodeCache {
  /** Null: this execution may not be answered from the cache. */
  slot(workspaceId: string, lease: Lease, block: Block): Promise<CacheSlot | null>;
}

/** The place of one node execution's result. */
export interface CacheSlot {
  read(): Promise<CachedOutputs | null>;
  write(outputs: CachedOutputs): Promise<void>;
}

/** What a deployment has set for a provider of a block. */
export type CredentialOf = (provider: string) => ProviderCredential | undefined;

export function createNodeCache(db: Database, now: () => number, credentialOf: CredentialOf): NodeCache {
  return {
    async slot(workspaceId, lease, block) {
      const key = await cacheKey(workspaceId, lease, { block, credentialOf });
      return key === null || lease.cache === null
        ? null
        : slotAt(db, now, { workspaceId, key, ttlMs: lease.cache.ttl_seconds * 1_000 });
    },
  };
}

function slotAt(db: Database, now: () => number, at: { workspaceId: string; key: string; ttlMs: number }): CacheSlot {
  return {
    read: () => harmless("read", async () => (await findCachedOutputs(db, at, now())) ?? null),
    write: async (outputs) => {
      if (JSON.stringify(outputs).length <= MAX_CACHED_CHARS) {
        const expiresAt = now() + Math.min(at.ttlMs, MAX_TTL_MS);
        await harmless("write", () => keepOutputs(db, at, { outputs, expiresAt, now: now() }));
      }
    },
  };
}

async function harmless<T>(what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    log("warn", `could not ${what} the cache of node results; going on without it`, { error: errorMessage(error) });
    return null;
  }
}

/**
 * The key of what the block would do: which block, as it is now, with which input, at which provider and for which account there. Null: nothing to be
 * cached, or no input that the block takes.
 */
export async function cacheKey(
  workspaceId: string,
  lease: Lease,
  { block, credentialOf }: { block: Block; credentialOf: CredentialOf },
): Promise<string | null> {
  if (lease.cache === null || lease.effects === "once" || lease.resume !== null || workspaceId === "") {
    return null;
  }
  const prepared = prepareInput(block.descriptor.input_schema, lease.input_default, lease.input);
  if (!prepared.ok) {
    return null;
  }
  const { descriptor, providers } = block;
  const text = canonicalJson([
    FORMAT,
    workspaceId,
    JSON.parse(JSON.stringify(descriptor)) as JsonValue,
    prepared.input,
    await Promise.all(providers.map((provider) => accountOf(provider, credentialOf(provider)))),
  ]);
  return sha256(text);
}

/** A provider's address and a fingerprint of the key, never the key. */
async function accountOf(provider: string, credential: ProviderCredential | undefined): Promise<JsonValue> {
  return credential === undefined
    ? [provider]
    : [provider, credential.baseUrl ?? "", await sha256(`key of ${provider}\n${credential.apiKey}`)];
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
