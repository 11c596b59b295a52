import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MigratedDatabase, Statement } from "./migrate-database.ts";
import { reachable } from "./reachable-services.ts";
import { PUBLIC_SOCKET, type RuntimeConfig, type StoredService } from "./runtime-config.ts";
import { writeServeConfig } from "./serve-config.ts";
import type { LogSink } from "./worker-log.ts";
import { startWorkerd } from "./workerd-process.ts";

const TOKEN = "WEFT_DATABASE_TOKEN";
const SERVICE = "weft:database";

/** Batches of statements by HTTP, for whoever has the token. */
const SOURCE = `export default {
  async fetch(request, env) {
    if (request.headers.get("authorization") !== \`Bearer \${env.${TOKEN}}\`) return new Response(null, { status: 401 });
    const statements = await request.json();
    try {
      return Response.json(await env.DB.batch(statements.map(({ sql, values }) => env.DB.prepare(sql).bind(...values))));
    } catch (error) {
      return new Response(error.message, { status: 500 });
    }
  },
};
`;

export interface OpenDatabaseOptions {
  config: RuntimeConfig;
  resources: string;
  importPaths: string[];
  log: LogSink;
}

/** The database alone, on a runtime of its own, while nothing is served. */
export async function openDatabase(
  options: OpenDatabaseOptions,
): Promise<{ database: MigratedDatabase; close: () => Promise<void> }> {
  const { config, resources, importPaths, log } = options;
  const folder = join(resources, "migration");
  mkdirSync(folder, { recursive: true });
  const source = join(folder, "database.js");
  writeFileSync(source, SOURCE);
  const configFile = join(folder, "database.capnp");
  const paths = [...importPaths, folder];
  const alone = {
    ...config,
    services: databaseServices(config, source),
    entry: SERVICE,
    sockets: [{ name: PUBLIC_SOCKET, service: { name: SERVICE } }],
  };
  writeServeConfig(configFile, { config: alone, resources, variables: [TOKEN], importPaths: paths, v8Flags: [] });
  const token = randomBytes(24).toString("base64url");
  const workerd = await startWorkerd({
    processes: [{ configFile, sockets: { [PUBLIC_SOCKET]: "127.0.0.1:0" } }],
    importPaths: paths,
    env: { [TOKEN]: token },
    log,
  });
  const url = `http://127.0.0.1:${workerd.ports.get(PUBLIC_SOCKET)}/`;
  return { database: remoteDatabase(url, token), close: () => workerd.stop() };
}

function databaseServices(config: RuntimeConfig, source: string): StoredService[] {
  const worker = config.services.find(({ name }) => name === config.entry)?.worker;
  const binding = worker?.bindings.find(({ name }) => name === "DB");
  if (binding === undefined) throw new Error("The Worker has no database DB.");
  const service: StoredService = {
    name: SERVICE,
    worker: {
      compatibilityDate: "2026-10-01",
      modules: [{ name: "database.js", type: "esModule", path: source }],
      bindings: [binding],
    },
  };
  return reachable([...config.services, service], [SERVICE]);
}

interface RemoteStatement extends Statement {
  sql: string;
  values: unknown[];
}

function remoteDatabase(url: string, token: string): MigratedDatabase {
  const send = async (statements: RemoteStatement[]): Promise<{ results: Record<string, unknown>[] }[]> => {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(statements.map(({ sql, values }) => ({ sql, values }))),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as { results: Record<string, unknown>[] }[];
  };
  const one = async (statement: RemoteStatement): Promise<{ results: Record<string, unknown>[] }> =>
    (await send([statement]))[0] ?? { results: [] };
  const prepare = (sql: string, values: unknown[] = []): RemoteStatement => {
    const statement: RemoteStatement = {
      sql,
      values,
      bind: (...more) => prepare(sql, more),
      all: () => one(statement),
      run: () => one(statement),
    };
    return statement;
  };
  return { prepare, batch: (statements) => send(statements as RemoteStatement[]) };
}
