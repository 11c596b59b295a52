import { data, redirect } from "react-router";
import { ErrorPage } from "#app/components/error-page.tsx";
import { orErrorPage, requireServices } from "#app/services.server.ts";
import { loadAgent } from "#app/workbench/load-workbench.server.ts";
import { Workbench } from "#app/workbench/workbench.tsx";
import type { Route } from "./+types/agent.ts";

export async function loader({ context, request, params }: Route.LoaderArgs) {
  const services = requireServices(context, request);
  const executionId = new URL(request.url).searchParams.get("run");
  return orErrorPage(loadAgent(services, params.graphId, executionId));
}

/** The one thing that can be done to an agent here: delete it. */
export async function action({ context, request, params }: Route.ActionArgs) {
  const services = requireServices(context, request);
  const form = await request.formData();
  if (form.get("intent") !== "remove") {
    throw data({ code: "invalid_request", message: "The form was sent in an unknown shape." }, { status: 400 });
  }
  await orErrorPage(services.graphs.remove(params.graphId));
  return redirect("/");
}

export default function Agent({ loaderData }: Route.ComponentProps) {
  return <Workbench data={loaderData} runPath={(id) => `?run=${encodeURIComponent(id)}`} />;
}

export function meta({ loaderData }: Route.MetaArgs) {
  const name = loaderData?.agent?.name;
  return [{ title: name === undefined ? "Weft" : `${name} · Weft` }];
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  return <ErrorPage error={error} />;
}
