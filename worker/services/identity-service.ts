import type { Principal } from "#worker/auth/principal.ts";
import type { Me } from "#worker/contracts/me.ts";
import { findIdentity } from "#worker/db/workspace-table.ts";
import { requirePermission } from "./require-permission.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { ServiceError } from "./service-error.ts";

/** Who the caller is and what they may do. */
export async function getMe(deps: ServiceDeps, principal: Principal): Promise<Me> {
  requirePermission(principal, "IDENTITY");
  const identity = await findIdentity(deps.db, principal);
  if (identity === undefined) {
    throw new ServiceError(401, "unauthenticated", "The account that this key or session belongs to is gone.");
  }
  return {
    user: { id: identity.userId, name: identity.name, email: identity.email },
    workspace: { id: identity.workspaceId, name: identity.workspaceName, role: identity.role },
    via: principal.via,
    scopes: [...principal.scopes],
  };
}
