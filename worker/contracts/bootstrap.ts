import { z } from "@hono/zod-openapi";

/** Body of `POST /internal/bootstrap`, which the starter calls; all of it may be left out. */
export const bootstrapRequestSchema = z.strictObject({
  email: z.email().max(254).default("owner@weft.local"),
  password: z.string().min(8).max(128).optional(),
  /** Makes a new password and a new key for an owner who exists already: the way back in when they are lost. */
  reissue: z.boolean().default(false),
});
export type BootstrapRequest = z.infer<typeof bootstrapRequestSchema>;

/** The secrets are answered once, when they are made. */
export const bootstrapResponseSchema = z.object({
  created: z.boolean(),
  email: z.string(),
  password: z.string().optional(),
  api_key: z.string().optional(),
});
export type BootstrapResponse = z.infer<typeof bootstrapResponseSchema>;
