import type { Permission } from "#worker/contracts/permission.ts";

/** Who asks, in which workspace, and what they may do. Every use case takes one; nothing else decides access. */
export interface Principal {
  workspaceId: string;
  userId: string;
  via: "api_key" | "session";
  scopes: readonly Permission[];
}
