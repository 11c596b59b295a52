import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { createRequestHandler, RouterContextProvider } from "react-router";

const renderPage = createRequestHandler(() => import("virtual:react-router/server-build"), import.meta.env.MODE);

export class ExecutionObject extends DurableObject {}

export class WorkRunner extends WorkerEntrypoint {
  async work(): Promise<void> {}
}

export default {
  fetch(request: Request): Promise<Response> {
    return renderPage(request, new RouterContextProvider());
  },
  async queue(): Promise<void> {},
};
