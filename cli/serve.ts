import { reportStartError } from "./runtime/report-start-error.ts";
import { serve, type Server } from "./runtime/serve.ts";
import { readEnvironment } from "./runtime/settings.ts";

/**
 * The process that `npm start` becomes once the build is there: it starts the runtime and watches over it. The build keeps it as one plain
 * JavaScript file, because a process that strips types holds 20 MB for that as long as it lives.
 *
 * Argument: when the start began, ms since 1970.
 */
const began = Number(process.argv[2] ?? Date.now());

try {
  const server = await serve(readEnvironment());
  stopOnSignals(server);
  greet(server);
} catch (error) {
  reportStartError(error);
}

function greet({ access, firstStart, dataDir }: Server): void {
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`Weft serves on ${access.url} (ready after ${seconds} s, data in ${dataDir})`);
  if (firstStart) {
    console.log(`\nSign in at ${access.url} as ${access.email} with the password ${access.password}`);
    console.log(`API key: ${access.api_key}`);
  }
  console.log(`Sign-in and API key are in ${dataDir}/local.json. Stop with Ctrl-C.`);
}

function stopOnSignals(server: Server): void {
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await server.stop();
    console.log("Weft has stopped.");
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => void stop());
  }
}
