import { pathToFileURL } from "node:url";
import { ensureBuild } from "./runtime/build-project.ts";
import { SERVE_FILE } from "./runtime/build-server-process.ts";
import { reportStartError } from "./runtime/report-start-error.ts";

/** `npm start`: the whole platform on this machine, until SIGTERM or Ctrl-C. */
try {
  await ensureBuild({ onStart: () => console.log("Building Weft (the first start takes a minute) …") });
  await becomeServer();
} catch (error) {
  reportStartError(error);
}

/** The same process goes on as `cli/serve.ts`, without what building and types took. Windows has no such call; there it stays what it is. */
async function becomeServer(): Promise<void> {
  const began = String(Math.round(performance.timeOrigin));
  if (process.platform === "win32" || process.execve === undefined) {
    process.argv[2] = began;
    await import(pathToFileURL(SERVE_FILE).href);
    return;
  }
  // Node announces the call as experimental.
  process.removeAllListeners("warning");
  process.execve(process.execPath, [process.execPath, "--max-semi-space-size=1", SERVE_FILE, began], process.env);
}
