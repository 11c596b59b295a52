import { ErrorPage } from "#app/components/error-page.tsx";
import { orErrorPage, requireServices } from "#app/services.server.ts";
import { loadRun } from "#app/workbench/load-workbench.server.ts";
import { Workbench } from "#app/workbench/workbench.tsx";
import type { Route } from "./+types/run.ts";

export async function loader({ context, request, params }: Route.LoaderArgs) {
  return orErrorPage(loadRun(requireServices(context, request), params.executionId));
}

export default function Run({ loaderData }: Route.ComponentProps) {
  return <Workbench data={loaderData} runPath={(id) => `/runs/${encodeURIComponent(id)}`} />;
}

export function meta({ loaderData }: Route.MetaArgs) {
  const name = loaderData?.run?.graph_name;
  return [{ title: name === undefined ? "Weft" : `${name} · Weft` }];
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  return <ErrorPage error={error} />;
}
