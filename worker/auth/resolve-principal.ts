import { TtlCache } from "#worker/cache/ttl-cache.ts";
import { PERMISSIONS } from "#worker/contracts/permission.ts";
import { findActiveApiKey, touchApiKey } from "#worker/db/api-key-table.ts";
import { openDatabase } from "#worker/db/database.ts";
import { findMembership } from "#worker/db/workspace-table.ts";
import { hashApiKey, looksLikeApiKey } from "./api-key.ts";
import { createAuth, hasAuthSecret } from "./create-auth.ts";
import type { AuthEnv } from "./create-auth.ts";
import type { Principal } from "./principal.ts";
import { isSameOrigin, needsSameOrigin } from "./same-origin.ts";
import { sameSecret } from "./same-secret.ts";

export type Resolution =
  | { kind: "principal"; principal: Principal }
  /** Nothing was presented. */
  | { kind: "anonymous" }
  /** A key or token was presented and is not (or no longer) good. */
  | { kind: "rejected" }
  /** A cookie was presented with a request that another site may have made. */
  | { kind: "cross_origin" };

export interface ResolveOptions {
  now: number;
  /** Takes work that the answer need not wait for. */
  defer: (work: Promise<unknown>) => void;
}

/** A revoked key is refused within this time in every isolate. */
const KEY_TTL_MS = 10_000;
const TOUCH_MS = 60_000;
const knownKeys = new TtlCache<Principal>({ ttlMs: KEY_TTL_MS, capacity: 1_000 });
const touchedKeys = new TtlCache<true>({ ttlMs: TOUCH_MS, capacity: 1_000 });

/** Who sent a request: by `X-API-Key`, then by `Authorization: Bearer`, then by session cookie. */
export async function resolvePrincipal(request: Request, env: AuthEnv, options: ResolveOptions): Promise<Resolution> {
  const token = presentedToken(request.headers);
  if (token !== null) {
    const principal = await principalOfKey(token, env, options);
    return principal === undefined ? { kind: "rejected" } : { kind: "principal", principal };
  }
  if (!request.headers.has("cookie") || !hasAuthSecret(env)) {
    return { kind: "anonymous" };
  }
  const principal = await principalOfSession(request, env);
  if (principal === undefined) {
    return { kind: "anonymous" };
  }
  if (needsSameOrigin(request) && !isSameOrigin(request)) {
    return { kind: "cross_origin" };
  }
  return { kind: "principal", principal };
}

/** The key header wins over a bearer token, as with AutoGPT (autogpt.md §1.3). */
function presentedToken(headers: Headers): string | null {
  const key = headers.get("x-api-key");
  if (key !== null) {
    return key.trim();
  }
  const authorization = headers.get("authorization");
  if (authorization === null) {
    return null;
  }
  return /^bearer\s+(\S+)\s*$/i.exec(authorization)?.[1] ?? "";
}

async function principalOfKey(token: string, env: AuthEnv, options: ResolveOptions): Promise<Principal | undefined> {
  if (!looksLikeApiKey(token)) {
    return undefined;
  }
  const hash = hashApiKey(token);
  const known = knownKeys.get(hash, options.now);
  if (known !== undefined) {
    return known;
  }
  const db = openDatabase(env.DB);
  const row = await findActiveApiKey(db, hash);
  if (row === undefined || !sameSecret(hash, row.hash)) {
    return undefined;
  }
  const principal: Principal = {
    workspaceId: row.workspaceId,
    userId: row.userId,
    via: "api_key",
    scopes: row.scopes,
  };
  knownKeys.set(hash, principal, options.now);
  if (touchedKeys.get(row.id, options.now) === undefined) {
    touchedKeys.set(row.id, true, options.now);
    options.defer(touchApiKey(db, row.id, options.now));
  }
  return principal;
}

async function principalOfSession(request: Request, env: AuthEnv): Promise<Principal | undefined> {
  const found = await createAuth(env, request.url).api.getSession({ headers: request.headers });
  if (found === null) {
    return undefined;
  }
  const membership = await findMembership(openDatabase(env.DB), found.user.id);
  if (membership === undefined) {
    return undefined;
  }
  return { workspaceId: membership.workspaceId, userId: found.user.id, via: "session", scopes: PERMISSIONS };
}
