import { z } from "@hono/zod-openapi";

/** AutoGPT's `APIKeyPermission` (autogpt.md §1.3): what an API key may do. A signed-in person may do everything. */
export const PERMISSIONS = [
  "IDENTITY",
  "EXECUTE_GRAPH",
  "READ_GRAPH",
  "WRITE_GRAPH",
  "EXECUTE_BLOCK",
  "READ_BLOCK",
  "READ_STORE",
  "WRITE_LIBRARY",
  "USE_TOOLS",
  "MANAGE_INTEGRATIONS",
  "READ_INTEGRATIONS",
  "DELETE_INTEGRATIONS",
] as const;

export type Permission = (typeof PERMISSIONS)[number];

export const permissionSchema = z.enum(PERMISSIONS).openapi("Permission");
