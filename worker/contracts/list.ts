import { z } from "@hono/zod-openapi";

export const MAX_PAGE = 100;
export const DEFAULT_PAGE = 25;

/** A page of a list. `next_cursor` is opaque; null on the last page. */
export interface List<T> {
  items: T[];
  next_cursor: string | null;
}

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next_cursor: z
      .string()
      .nullable()
      .openapi({ description: "Pass as `cursor` to get the next page; null on the last one." }),
  });
}

export const pageQuerySchema = z.object({
  cursor: z.string().max(500).optional().openapi({ description: "`next_cursor` of the page before." }),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
});
export type PageQuery = z.infer<typeof pageQuerySchema>;
