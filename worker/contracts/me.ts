import { z } from "@hono/zod-openapi";
import { permissionSchema } from "./permission.ts";

export const meSchema = z
  .object({
    user: z.object({ id: z.string(), name: z.string(), email: z.string() }),
    workspace: z.object({ id: z.string(), name: z.string(), role: z.enum(["owner", "member"]) }),
    via: z.enum(["api_key", "session"]),
    scopes: z.array(permissionSchema),
  })
  .openapi("Me");
export type Me = z.infer<typeof meSchema>;
