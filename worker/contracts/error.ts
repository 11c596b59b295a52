import { z } from "@hono/zod-openapi";

/** The one shape of every failure. `code` is stable and for programs, `message` is for people, `details` depends on the code. */
export const errorBodySchema = z
  .object({
    error: z.object({
      code: z.string().openapi({ example: "not_found" }),
      message: z.string().openapi({ example: "There is no graph with this id." }),
      details: z.unknown().optional(),
    }),
  })
  .openapi("Error");
export type ErrorBody = z.infer<typeof errorBodySchema>;

/** One thing wrong with a body or a query: where, and what. */
export interface InvalidField {
  path: string;
  message: string;
}
