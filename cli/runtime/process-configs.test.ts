import { describe, expect, it } from "vitest";
import { processConfigs, shardsIn } from "./process-configs.ts";
import type { RuntimeConfig, StoredModule, StoredService, StoredWorker } from "./runtime-config.ts";

const source = (name: string): StoredModule => ({ name, type: "esModule", path: `/build/${name}` });
const props = { json: '{"name":"DB"}' };

const worker: StoredWorker = {
  modules: [source("entry.js")],
  bindings: [
    { name: "DB", wrapped: { innerBindings: [{ name: "fetcher", service: { name: "d1:entry", props } }] } },
    { name: "QUEUE", queue: { name: "queue" } },
    { name: "WORK_RUNNER", service: { name: "weft", entrypoint: "WorkRunner" } },
    { name: "PAGES", service: { name: "pages" } },
    { name: "EXECUTIONS", durableObjectNamespace: { className: "ExecutionObject", serviceName: "weft" } },
    { name: "WORKSPACES", durableObjectNamespace: { className: "WorkspaceObject", serviceName: "weft" } },
  ],
  compatibilityDate: "2026-10-01",
  durableObjectNamespaces: [
    { className: "ExecutionObject", uniqueKey: "weft-ExecutionObject", enableSql: true },
    { className: "WorkspaceObject", uniqueKey: "weft-WorkspaceObject", enableSql: true },
  ],
  durableObjectStorage: { localDisk: "do:storage" },
  globalOutbound: { name: "internet" },
};

const broker: StoredWorker = {
  modules: [],
  bindings: [{ name: "CONSUMER", service: { name: "weft" } }],
  durableObjectNamespaces: [{ className: "Broker", uniqueKey: "broker" }],
};

const config: RuntimeConfig = {
  services: [
    { name: "weft", worker },
    { name: "d1:entry", worker: { modules: [], bindings: [{ name: "OBJECT", service: { name: "d1" } }] } },
    { name: "d1", worker: { modules: [], bindings: [{ name: "DISK", service: { name: "d1:storage" } }] } },
    { name: "d1:storage", disk: { path: "$resources/d1", writable: true } },
    { name: "queue", worker: broker },
    { name: "do:storage", disk: { path: "$resources/do", writable: true } },
    { name: "pages", worker: { modules: [], bindings: [{ name: "FILES", service: { name: "pages:files" } }] } },
    { name: "pages:files", disk: { path: "/build/client", writable: false } },
    { name: "internet", network: { allow: ["public"] } },
  ],
  extensions: [],
  entry: "weft",
  sockets: [{ name: "main", service: { name: "weft" } }],
  shared: { process: source("process.js"), ids: source("ids.js") },
  crons: [],
};

function split(processes: number, shards: number): RuntimeConfig[] {
  const doors = Array.from({ length: processes }, (_, index) => `unix:door-${index}`);
  return processConfigs(config, { doors, shards, address: (binding) => `unix:${binding}` });
}

function service(one: RuntimeConfig | undefined, name: string): StoredService {
  const found = one?.services.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is no service ${name}.`);
  return found;
}

const keysOf = (one: RuntimeConfig | undefined, name: string): string[] =>
  ((service(one, name).worker?.["durableObjectNamespaces"] ?? []) as { uniqueKey: string }[]).map(
    ({ uniqueKey }) => uniqueKey,
  );

describe("processConfigs", () => {
  it("has each namespace kept by one process, by the shard's number", () => {
    const [first, second] = split(2, 3);
    expect(keysOf(first, "weft")).toEqual(["weft-ExecutionObject", "weft-ExecutionObject-2", "weft-WorkspaceObject"]);
    expect(keysOf(second, "weft")).toEqual(["weft-ExecutionObject-1"]);
    expect(keysOf(first, "weft:ids")).toEqual(keysOf(second, "weft"));
    expect(keysOf(second, "weft:ids")).toEqual(keysOf(first, "weft"));
    expect(service(second, "weft:ids").worker?.["durableObjectStorage"]).toEqual({ inMemory: { $void: true } });
  });

  it("leaves what there is once to the first process, and leads the others to it", () => {
    const [first, second] = split(2, 2);
    expect(first?.services.map(({ name }) => name)).toEqual([...config.services.map(({ name }) => name), "weft:ids"]);
    expect(second?.services.map(({ name }) => name)).toEqual([
      "weft",
      "do:storage",
      "pages",
      "pages:files",
      "internet",
      "first-DB",
      "first-QUEUE",
      "weft:ids",
    ]);
    expect(service(second, "first-DB").external).toEqual({ address: "unix:DB", http: {} });
    expect(first?.sockets).toEqual([
      { name: "main", service: { name: "weft" } },
      { name: "first-DB", address: "unix:DB", service: { name: "d1:entry", props } },
      { name: "first-QUEUE", address: "unix:QUEUE", service: { name: "queue" } },
    ]);
    expect(second?.sockets).toEqual(config.sockets);
    const bindings = service(second, "weft").worker?.bindings ?? [];
    expect(bindings.find(({ name }) => name === "DB")).toEqual({
      name: "DB",
      wrapped: { innerBindings: [{ name: "fetcher", service: { name: "first-DB" } }] },
    });
    expect(bindings.find(({ name }) => name === "WORK_RUNNER")).toEqual(worker.bindings[2]);
  });

  it("tells each process its place and its shard", () => {
    for (const [index, one] of split(3, 4).entries()) {
      const { modules = [], bindings = [] } = service(one, "weft").worker ?? {};
      expect(modules.map(({ name }) => name)).toEqual(["process.js", "entry.js"]);
      expect(bindings).toContainEqual({ name: "WEFT_SHARD", text: String(index) });
      const place = { index, doors: ["unix:door-0", "unix:door-1", "unix:door-2"], shards: 4 };
      expect(bindings).toContainEqual({ name: "PROCESS_PLACE", json: JSON.stringify(place) });
      const served = bindings.find(({ name }) => name === "EXECUTIONS_3");
      const at = index === 0 ? "weft" : "weft:ids";
      expect(served?.["durableObjectNamespace"]).toEqual({ className: "ExecutionObject3", serviceName: at });
    }
  });

  it("keeps all shards in a process that is alone", () => {
    const [alone] = split(1, 2);
    expect(keysOf(alone, "weft")).toEqual(["weft-ExecutionObject", "weft-ExecutionObject-1", "weft-WorkspaceObject"]);
  });
});

it("counts shards by their folders", () => {
  expect(shardsIn(config, [])).toBe(1);
  expect(shardsIn(config, ["weft-ExecutionObject", "weft-WorkspaceObject"])).toBe(1);
  expect(shardsIn(config, ["weft-ExecutionObject", "weft-ExecutionObject-3", "weft-ExecutionObject-x"])).toBe(4);
});
