import type { Principal } from "#worker/auth/principal.ts";
import type { Permission } from "#worker/contracts/permission.ts";
import { ServiceError } from "./service-error.ts";

/** @throws ServiceError 403 `missing_permission` naming what is missing, in AutoGPT's words (autogpt.md §1.3). */
export function requirePermission(principal: Principal, ...needed: Permission[]): void {
  const missing = needed.filter((permission) => !principal.scopes.includes(permission));
  if (missing.length > 0) {
    throw new ServiceError(403, "missing_permission", `Missing required permission(s): ${missing.join(", ")}`, {
      details: { missing },
    });
  }
}
