import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prepareProcesses, type RuntimeProcesses } from "./runtime-processes.ts";
import type { RuntimeConfig } from "./runtime-config.ts";

const module = { name: "entry.js", type: "esModule" as const, path: "/build/entry.js" };
const namespace = (className: string) => ({ className, uniqueKey: `weft-${className}`, enableSql: true });
const config: RuntimeConfig = {
  services: [
    {
      name: "weft",
      worker: {
        modules: [module],
        bindings: [],
        durableObjectNamespaces: [namespace("ExecutionObject"), namespace("WorkspaceObject")],
      },
    },
  ],
  extensions: [],
  entry: "weft",
  sockets: [{ name: "main", service: { name: "weft" } }],
  shared: { process: module, ids: module },
  crons: [],
};

describe.skipIf(process.platform === "win32")("prepareProcesses", () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "weft-processes-"));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const prepare = (count: number, folder = dataDir): RuntimeProcesses => {
    const serve = { resources: join(folder, "resources"), variables: [], importPaths: ["/build"], v8Flags: [] };
    return prepareProcesses({ config, dataDir: folder, count, listen: ["127.0.0.1:0"], serve });
  };

  it("opens no door to a process that is alone, also when it keeps runs that others have begun", () => {
    expect(prepare(1).processes).toEqual([expect.not.objectContaining({ door: expect.anything() as unknown })]);
    mkdirSync(join(dataDir, "resources", "do", "weft-ExecutionObject-2"), { recursive: true });
    const [alone, ...others] = prepare(1).processes;
    expect(others).toEqual([]);
    expect(alone).not.toHaveProperty("door");
    expect(alone?.configFile).toBe(join(dataDir, "runtime-0.capnp"));
  });

  it("keeps the sockets between processes from everybody else, and makes room for them before a start", () => {
    const { processes, beforeStart, clear } = prepare(2);
    const folder = join(dataDir, "run");
    expect(processes.map(({ door }) => door)).toEqual([`unix:${folder}/door-0`, `unix:${folder}/door-1`]);
    beforeStart?.();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const { ino } = statSync(folder);
    writeFileSync(join(folder, "door-0"), "");
    beforeStart?.();
    expect(readdirSync(folder)).toEqual([]);
    expect(statSync(folder).ino).toBe(ino);
    clear();
    expect(existsSync(folder)).toBe(false);
  });

  it("puts them elsewhere when their paths would be too long", () => {
    const deep = join(dataDir, "x".repeat(100));
    mkdirSync(deep);
    const { processes, clear } = prepare(2, deep);
    const door = processes[0]?.door ?? "";
    expect(door).toMatch(/^unix:\/tmp\/weft-run-\w+\/door-0$/);
    clear();
    expect(existsSync(door.slice("unix:".length, -"/door-0".length))).toBe(false);
  });
});
