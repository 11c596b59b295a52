import { data } from "react-router";
import { ErrorPage } from "#app/components/error-page.tsx";
import { requireSession } from "#app/services.server.ts";
import type { Route } from "./+types/not-found.ts";

export function loader({ context, request }: Route.LoaderArgs): never {
  requireSession(context, request);
  throw data({ code: "not_found", message: "There is no page at this address." }, { status: 404 });
}

export default function NotFound() {
  return null;
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  return <ErrorPage error={error} />;
}
