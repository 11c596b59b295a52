import { Hono } from "hono";
import { sameSecret } from "#worker/auth/same-secret.ts";
import { bootstrapRequestSchema } from "#worker/contracts/bootstrap.ts";
import { bootstrapOwner } from "#worker/services/bootstrap-owner.ts";
import { notFound, ServiceError } from "#worker/services/service-error.ts";
import type { ApiEnv } from "../api-env.ts";
import { invalidRequest } from "../create-router.ts";
import { parseJsonBody } from "../middleware/parse-json-body.ts";
import { readBody } from "../middleware/read-body.ts";

const MAX_BODY_BYTES = 16 * 1024;

/** For the process that starts the server, and closed unless it has set a token. */
export const internalRoutes = new Hono<ApiEnv>().post("/bootstrap", async (c) => {
  const { deps } = c.var;
  const token = deps.env.WEFT_BOOTSTRAP_TOKEN ?? "";
  if (token === "") {
    throw notFound("address");
  }
  if (!sameSecret(c.req.header("authorization") ?? "", `Bearer ${token}`)) {
    throw new ServiceError(
      401,
      "invalid_credentials",
      "The bootstrap token is not the one that the server was started with.",
    );
  }
  const bytes = await readBody(c.req.raw, MAX_BODY_BYTES);
  const parsed = bootstrapRequestSchema.safeParse(bytes.byteLength === 0 ? {} : parseJsonBody(bytes));
  if (!parsed.success) {
    throw invalidRequest("json", parsed.error.issues);
  }
  const owner = await bootstrapOwner(deps.db, parsed.data, deps.now());
  return c.json(owner, owner.created ? 201 : 200);
});
