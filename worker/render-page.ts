import { createRequestHandler, RouterContextProvider } from "react-router";
import type { Principal } from "./auth/principal.ts";
import { resolvePrincipal } from "./auth/resolve-principal.ts";
import { servicesContext, sessionContext } from "./contracts/app-context.ts";
import { bindAppServices } from "./services/app-services.ts";
import { getMe } from "./services/identity-service.ts";
import type { ServiceDeps } from "./services/service-deps.ts";

const render = createRequestHandler(() => import("virtual:react-router/server-build"), import.meta.env.MODE);

/** Renders a page of the editor, with the use cases bound to whoever is signed in. */
export async function renderPage(request: Request, deps: ServiceDeps, ctx: ExecutionContext): Promise<Response> {
  const resolution = await resolvePrincipal(request, deps.env, {
    now: deps.now(),
    defer: (work) => ctx.waitUntil(work),
  });
  if (resolution.kind === "cross_origin") {
    return new Response("This may only be done from a page of this site.", { status: 403 });
  }
  const context = new RouterContextProvider();
  if (resolution.kind === "principal" && resolution.principal.via === "session") {
    await provide(context, deps, resolution.principal);
  }
  return render(request, context);
}

async function provide(context: RouterContextProvider, deps: ServiceDeps, principal: Principal): Promise<void> {
  const { user, workspace } = await getMe(deps, principal);
  context.set(sessionContext, { user, workspace: { id: workspace.id, name: workspace.name } });
  context.set(servicesContext, bindAppServices(deps, principal));
}
