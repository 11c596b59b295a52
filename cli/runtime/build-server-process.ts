import { join } from "node:path";
import { BUILD_DIR, PROJECT_ROOT } from "./project.ts";

/** `cli/serve.ts` and all that it imports, as one file. As deep in the tree as `project.ts`, which knows the root by that. */
export const SERVE_FILE = join(BUILD_DIR, "start", "serve.js");

export async function buildServerProcess(): Promise<void> {
  const { build } = await import("vite");
  await build({
    root: PROJECT_ROOT,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    build: {
      ssr: join(PROJECT_ROOT, "cli", "serve.ts"),
      outDir: join(BUILD_DIR, "start"),
      emptyOutDir: true,
      target: "node22",
      rollupOptions: { output: { entryFileNames: "serve.js" } },
    },
  });
}
