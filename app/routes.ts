import { index, layout, route, type RouteConfig } from "@react-router/dev/routes";

export default [
  route("sign-in", "routes/sign-in.tsx"),
  route("preferences", "routes/preferences.ts"),
  route("agents/:graphId/start", "routes/start-run.ts"),
  route("runs/:executionId/stop", "routes/stop-run.ts"),
  route("runs/:executionId/pause", "routes/pause-run.ts"),
  route("runs/:executionId/resume", "routes/resume-run.ts"),
  route("runs/:executionId/retry", "routes/retry-run.ts"),
  route("runs/:executionId/fork", "routes/fork-run.ts"),
  route("runs/:executionId/reviews/:reviewId", "routes/decide-review.ts"),
  layout("routes/signed-in.tsx", [
    index("routes/agents.tsx"),
    route("agents/:graphId", "routes/agent.tsx"),
    route("runs", "routes/runs.tsx"),
    route("runs/:executionId", "routes/run.tsx"),
    route("runs/:executionId/children/:nodeExecutionId", "routes/child-run.tsx"),
    route("*", "routes/not-found.tsx"),
  ]),
] satisfies RouteConfig;
