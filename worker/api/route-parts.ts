import { z } from "@hono/zod-openapi";
import { errorBodySchema } from "#worker/contracts/error.ts";

const REASONS = {
  400: "The body is not JSON, or holds a name that is not allowed.",
  401: "No key or session, or one that is not valid.",
  403: "The key lacks a permission; `details.missing` lists them.",
  404: "There is no such thing in this workspace.",
  409: "The state does not allow it.",
  410: "It was there and has been deleted.",
  412: "Somebody saved in between; `details.current_version` is what to start from.",
  413: "The body is too large.",
  422: "The request is understood but wrong; `details` says where.",
  428: "Say which version the change starts from.",
  429: "Too many runs wait already; `Retry-After` says when to try again.",
  503: "More requests than can be dealt with at the moment; `Retry-After` says when to try again.",
} as const;

/** The failures of a route, for the document. Every route behind a principal has 401 and 403. */
export function failures(...statuses: (keyof typeof REASONS)[]) {
  const codes: (keyof typeof REASONS)[] = [401, 403, ...statuses];
  return Object.fromEntries(codes.map((code) => [code, jsonContent(errorBodySchema, REASONS[code])]));
}

export function jsonContent<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A required JSON body; the route needs `middleware: jsonBody()` besides. */
export function jsonRequest<T extends z.ZodType>(schema: T) {
  return { required: true, content: { "application/json": { schema } } };
}

/** A path parameter. Ids are opaque here; what is not an id of the workspace is simply not found. */
export function idParam<N extends string>(name: N) {
  return z.object({ [name]: z.string().min(1).max(200) } as { [K in N]: z.ZodString });
}
