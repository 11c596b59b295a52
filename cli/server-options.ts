import type { ParseArgsOptionsConfig } from "node:util";
import { type CommandIo, UsageError } from "./command.ts";
import { WeftClient } from "./client.ts";
import { readLocalAccess } from "./runtime/local-owner.ts";
import { dataDir } from "./runtime/settings.ts";

/** Options of every command that talks to a running server. */
export const SERVER_OPTIONS = {
  url: { type: "string" },
  key: { type: "string" },
} as const satisfies ParseArgsOptionsConfig;

export const SERVER_USAGE = "[--url URL] [--key API_KEY]";

/** The server named by `--url`/`--key`, else by WEFT_URL/WEFT_API_KEY, else the one of this machine (`<data>/local.json`). */
export function clientFor(values: { url?: string | undefined; key?: string | undefined }, io: CommandIo): WeftClient {
  const local = readLocalAccess(dataDir(io.environment));
  const url = values.url ?? io.environment["WEFT_URL"] ?? local?.url;
  const apiKey = values.key ?? io.environment["WEFT_API_KEY"] ?? local?.api_key;
  if (url === undefined) {
    throw new UsageError("No server is known. Start one with `npm start`, or name one with --url and --key.");
  }
  if (apiKey === undefined) {
    throw new UsageError(`No API key for ${url}. Give it with --key or in WEFT_API_KEY.`);
  }
  return new WeftClient({ url, apiKey });
}
