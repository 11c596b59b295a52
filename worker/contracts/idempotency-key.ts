import { z } from "@hono/zod-openapi";

/** A caller's name for one request. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, { error: "Expected 1 to 255 visible ASCII characters." });

export const idempotencyHeadersSchema = z.object({
  "idempotency-key": idempotencyKeySchema.optional().openapi({
    description: "A name of your own for this request: 1 to 255 visible ASCII characters, such as a UUID.",
  }),
});
