import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { betterAuth } from "better-auth/minimal";
import { openDatabase } from "#worker/db/database.ts";
import * as schema from "#worker/db/schema.ts";
import { hashPassword, verifyPassword } from "./password-hash.ts";

export interface AuthEnv {
  DB: D1Database;
  WEFT_SECRET?: string;
}

const MIN_SECRET_CHARS = 32;

/** Whether people can sign in: sessions cannot be signed without a secret. */
export function hasAuthSecret(env: AuthEnv): boolean {
  return (env.WEFT_SECRET ?? "").length >= MIN_SECRET_CHARS;
}

/**
 * better-auth over D1, for the site that `url` (any address of the request) belongs to. Built for each request that needs it: a connection made in one request must not be used in
 * another on Workers. Nobody can sign up by themselves; the owner is made by `bootstrapOwner`.
 * @throws when WEFT_SECRET is missing or shorter than 32 characters.
 */
export function createAuth(env: AuthEnv, url: string) {
  if (!hasAuthSecret(env)) {
    throw new Error("WEFT_SECRET is not set or shorter than 32 characters, so nobody can sign in. Set it as a secret.");
  }
  const { origin, host } = new URL(url);
  return betterAuth({
    appName: "Weft",
    baseURL: origin,
    // Behind a proxy that ends TLS the browser's scheme is not the one seen here.
    trustedOrigins: [`https://${host}`, `http://${host}`],
    basePath: "/api/auth",
    secret: env.WEFT_SECRET,
    database: drizzleAdapter(openDatabase(env.DB), { provider: "sqlite", schema }),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: 8,
      maxPasswordLength: 128,
      password: { hash: hashPassword, verify: verifyPassword },
    },
    session: { expiresIn: 30 * 24 * 3600, updateAge: 24 * 3600 },
    rateLimit: {
      enabled: true,
      storage: "database",
      window: 60,
      max: 60,
      // Reading one's session happens on every page and guesses nothing.
      customRules: { "/sign-in/email": { window: 60, max: 20 }, "/get-session": false },
    },
    advanced: {
      cookiePrefix: "weft",
      ipAddress: { ipAddressHeaders: ["cf-connecting-ip"] },
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax", path: "/" },
    },
    telemetry: { enabled: false },
    logger: { level: "error" },
  });
}
