import { z } from "@hono/zod-openapi";

export const callbackParamsSchema = z.object({
  token: z.string().max(200).openapi({ description: "As the block gave it out, in its address." }),
});

export const callbackAnswerSchema = z.object({ accepted: z.literal(true) }).openapi("CallbackAnswer");
