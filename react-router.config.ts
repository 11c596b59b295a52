import type { Config } from "@react-router/dev/config";

export default {
  appDirectory: "app",
  buildDirectory: "build",
  ssr: true,
  // The site is small: all routes are known from the first document, so that no extra request follows.
  routeDiscovery: { mode: "initial" },
} satisfies Config;
