import { cloudflare } from "@cloudflare/vite-plugin";
import { reactRouter } from "@react-router/dev/vite";
import { defineConfig } from "vite";

/**
 * `react-router build` → build/client (assets) and build/server (the Worker with its wrangler.json); `react-router dev`, which
 * cli/dev.ts starts, serves both from the sources.
 */
export default defineConfig(({ command }) => ({
  plugins: [
    cloudflare({
      viteEnvironment: { name: "ssr" },
      persistState: { path: process.env["WEFT_DATA"] ?? ".weft/dev" },
      inspectorPort: false,
      ...(command === "serve" ? { config: { vars: developmentVars() } } : {}),
    }),
    reactRouter(),
  ],
  server: { port: Number(process.env["PORT"] ?? 8787), strictPort: true },
  // Found only when a page asks for them, they would make the development server reload it.
  optimizeDeps: {
    include: [
      "@mantine/core",
      "@mantine/hooks",
      "@rjsf/core",
      "@rjsf/mantine",
      "@rjsf/utils",
      "@xyflow/react",
      "lucide-react",
      "zod",
    ],
  },
  // Errors of a deployed Worker must be readable in its logs.
  environments: { ssr: { build: { sourcemap: true } } },
}));

/** Variables and secrets that cli/dev.ts hands to the Worker: a JSON object. */
function developmentVars(): Record<string, string> {
  return JSON.parse(process.env["WEFT_DEV_VARS"] ?? "{}") as Record<string, string>;
}
