import { randomBytes } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import { createApiKey } from "#worker/auth/api-key.ts";
import { hashPassword } from "#worker/auth/password-hash.ts";
import type { BootstrapRequest, BootstrapResponse } from "#worker/contracts/bootstrap.ts";
import { PERMISSIONS } from "#worker/contracts/permission.ts";
import type { Database } from "#worker/db/database.ts";
import { findOwner, insertOwner, replaceOwnerSecrets } from "#worker/db/owner-records.ts";
import type { ApiKeyRecord } from "#worker/db/owner-records.ts";

/**
 * Makes the first owner with a workspace and an API key, once: later calls answer `created: false` and no secrets. With
 * `reissue` an owner who exists gets a new password and one more key, and is signed out everywhere.
 */
export async function bootstrapOwner(db: Database, request: BootstrapRequest, now: number): Promise<BootstrapResponse> {
  const owner = await findOwner(db);
  if (owner !== undefined) {
    return request.reissue ? reissueSecrets(db, owner, request, now) : { created: false, email: owner.email };
  }
  const password = request.password ?? randomBytes(18).toString("base64url");
  const email = request.email.toLowerCase();
  const [userId, workspaceId] = [uuidv7(), uuidv7()];
  const { token, record } = ownerKey(workspaceId, userId, now);
  try {
    await insertOwner(
      db,
      {
        userId,
        workspaceId,
        accountId: uuidv7(),
        name: "Owner",
        email,
        passwordHash: await hashPassword(password),
        workspaceName: "My workspace",
        at: now,
      },
      record,
    );
  } catch (error) {
    const winner = await findOwner(db);
    if (winner === undefined) {
      throw error;
    }
    return { created: false, email: winner.email };
  }
  return { created: true, email, password, api_key: token };
}

async function reissueSecrets(
  db: Database,
  owner: { userId: string; email: string; workspaceId: string },
  request: BootstrapRequest,
  now: number,
): Promise<BootstrapResponse> {
  const password = request.password ?? randomBytes(18).toString("base64url");
  const { token, record } = ownerKey(owner.workspaceId, owner.userId, now);
  await replaceOwnerSecrets(db, { userId: owner.userId, passwordHash: await hashPassword(password), key: record });
  return { created: false, email: owner.email, password, api_key: token };
}

function ownerKey(workspaceId: string, userId: string, at: number): { token: string; record: ApiKeyRecord } {
  const { token, ...stored } = createApiKey();
  return {
    token,
    record: { ...stored, id: uuidv7(), workspaceId, userId, name: "Owner", scopes: [...PERMISSIONS], at },
  };
}
