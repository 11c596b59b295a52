import { z } from "@hono/zod-openapi";

export const healthSchema = z.object({ status: z.literal("healthy") }).openapi("Health");

export const readinessSchema = z
  .object({
    status: z.enum(["ready", "not_ready"]),
    checks: z.record(z.string(), z.enum(["ok", "failed"])),
  })
  .openapi("Readiness");
