import { cloudflare } from "@cloudflare/vite-plugin";
import { reactRouter } from "@react-router/dev/vite";
import { defineConfig } from "vite";

/** `react-router build` → build/client (assets) and build/server (the Worker with its wrangler.json); `react-router dev` serves both. */
export default defineConfig({
  plugins: [
    cloudflare({
      viteEnvironment: { name: "ssr" },
      persistState: { path: process.env["WEFT_DATA"] ?? ".weft/dev" },
      inspectorPort: false,
    }),
    reactRouter(),
  ],
  server: { port: Number(process.env["PORT"] ?? 8787), strictPort: true },
  // Errors of a deployed Worker must be readable in its logs.
  environments: { ssr: { build: { sourcemap: true } } },
});
