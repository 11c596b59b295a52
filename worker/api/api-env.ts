import type { Principal } from "#worker/auth/principal.ts";
import type { Env } from "#worker/env.ts";
import type { ServiceDeps } from "#worker/services/service-deps.ts";

/** What every handler finds in its context. */
export interface ApiEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    deps: ServiceDeps;
    /** Set behind `requirePrincipal`. */
    principal: Principal;
  };
}
