import { redirect } from "react-router";
import { ErrorPage } from "#app/components/error-page.tsx";
import { orErrorPage, requireServices } from "#app/services.server.ts";
import type { Route } from "./+types/child-run.ts";

/** The way to the run that a sub-agent's block has started: its id is not known to the page. */
export async function loader({ context, request, params }: Route.LoaderArgs) {
  const { executions } = requireServices(context, request);
  const child = await orErrorPage(executions.child(params.executionId, params.nodeExecutionId));
  return redirect(`/runs/${encodeURIComponent(child.id)}`);
}

export default function ChildRun() {
  return null;
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  return <ErrorPage error={error} />;
}
