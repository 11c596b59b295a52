import { stripTypeScriptTypes } from "node:module";
import { beforeAll, describe, expect, it } from "vitest";
import { inShard } from "#graph/run/shard.ts";
import { DOORS_BINDING, OBJECTS, PLACE_BINDING, processModule } from "./process-module.ts";

interface Env {
  EXECUTIONS: Names;
  WORKSPACES: Names;
  OTHER_PROCESSES: { forgetGraph(key: unknown): Promise<void> };
  WORK_RUNNER: { work(messages: unknown[]): Promise<void>; listedSeq(...args: unknown[]): unknown };
}
interface Names {
  idFromName(name: string): unknown;
  get(id: unknown): string;
}
interface Loaded {
  default: { fetch(request: string, env: object, ctx: object): Env; queue(batch: string, env: object): Env };
  ExecutionObject: new (ctx: object, env: object) => { env: Env };
  ExecutionObject2: new (ctx: object, env: object) => { env: Env };
}

const UUID = "01a22e5e-d4f4-7311-bdbd-6f7cd2b29fda";
const calls: unknown[][] = [];

/** A namespace that answers who was asked for which object. */
function namespace(binding: string): Names {
  return {
    idFromName: (name) => ({ toString: () => `${binding}/${name}` }),
    get: (id) => `here ${String(id)}`,
  };
}

function envOf(index: number, processes: number, shards: number): object {
  const doors = Array.from({ length: processes }, (_, home) => `door ${home}`);
  return {
    EXECUTIONS: namespace("EXECUTIONS"),
    EXECUTIONS_1: namespace("EXECUTIONS_1"),
    EXECUTIONS_2: namespace("EXECUTIONS_2"),
    WORKSPACES: namespace("WORKSPACES"),
    WORK_RUNNER: {
      work: (messages: unknown) => calls.push(["here", "work", messages]),
      listedSeq: (...args: unknown[]) => args,
    },
    [PLACE_BINDING]: { index, doors, shards },
    [DOORS_BINDING]: {
      connect: (door: string) => ({
        getActor: (service: string, className: string, id: string) => `${door} ${service} ${className} ${id}`,
        getEntrypoint: (service: string, name: string) => ({
          work: (messages: unknown) => calls.push([door, service, name, messages]),
          forgetGraph: (key: unknown) => calls.push([door, service, name, key]),
        }),
      }),
    },
  };
}

/** The module with classes and handlers of ours in place of the built Worker. */
async function load(): Promise<Loaded> {
  const built = `const entry = { fetch: (request, env) => env, queue: (batch, env) => env };
    class BuiltExecution { constructor(ctx, env) { this.env = env; } }
    class BuiltWorkspace {} class BuiltRunner {}`;
  const source = processModule({ ...OBJECTS, main: "main.js", service: "weft", maxShards: 4 }).replace(
    /^import [\s\S]*? from "\.\/main\.js"; export .*$/m,
    built,
  );
  const url = `data:text/javascript,${encodeURIComponent(stripTypeScriptTypes(source))}`;
  return (await import(/* @vite-ignore */ url)) as Loaded;
}

describe("processModule", () => {
  let loaded: Loaded;
  beforeAll(async () => {
    loaded = await load();
  });
  const shared = (env: object): Env => loaded.default.fetch("", env, {});
  const objectOf = (env: Env, id: string): string => env.EXECUTIONS.get(env.EXECUTIONS.idFromName(id));

  it("leads to the process that keeps a run, by the shard in its id", () => {
    const env = shared(envOf(1, 2, 3));
    expect(objectOf(env, inShard(UUID, 1))).toBe(`here EXECUTIONS_1/${inShard(UUID, 1)}`);
    expect(objectOf(env, UUID)).toBe(`door 0 weft ExecutionObject EXECUTIONS/${UUID}`);
    expect(objectOf(env, inShard(UUID, 2))).toBe(`door 0 weft ExecutionObject2 EXECUTIONS_2/${inShard(UUID, 2)}`);
  });

  it("finds the runs of all shards in a process that is alone", () => {
    const env = shared(envOf(0, 1, 3));
    expect([UUID, inShard(UUID, 1), inShard(UUID, 2)].map((id) => objectOf(env, id).slice(0, 4))).toEqual(
      Array(3).fill("here"),
    );
  });

  it("takes an id of no shard for one of the first, where no run has it", () => {
    expect(objectOf(shared(envOf(0, 2, 2)), inShard(UUID, 3))).toBe(`here EXECUTIONS/${inShard(UUID, 3)}`);
    expect(objectOf(shared(envOf(0, 2, 2)), "no id")).toBe("here EXECUTIONS/no id");
  });

  it("keeps workspaces in the first process", () => {
    const workspace = ({ WORKSPACES }: Env): string => WORKSPACES.get(WORKSPACES.idFromName("w"));
    expect(workspace(shared(envOf(0, 2, 2)))).toBe("here WORKSPACES/w");
    expect(workspace(shared(envOf(1, 2, 2)))).toBe("door 0 weft WorkspaceObject WORKSPACES/w");
  });

  it("gives work to the process of its run, and tells all others what to forget", async () => {
    const env = shared(envOf(0, 2, 3));
    const message = (shard: number) => ({ execution_id: inShard(UUID, shard), pool: "io" });
    calls.length = 0;
    await env.WORK_RUNNER.work([message(0), message(1), message(2)]);
    await env.OTHER_PROCESSES.forgetGraph("key");
    expect(calls).toEqual([
      ["here", "work", [message(0), message(2)]],
      ["door 1", "weft", "WorkRunner", [message(1)]],
      ["door 1", "weft", "WorkRunner", "key"],
    ]);
    expect(env.WORK_RUNNER.listedSeq(1, 2)).toEqual([1, 2]);
  });

  it("has one environment for all that it serves", () => {
    const env = envOf(0, 2, 2);
    const first = shared(env);
    expect(shared(env)).toBe(first);
    expect(loaded.default.queue("", env)).toBe(first);
    expect(new loaded.ExecutionObject({}, env).env).toBe(first);
    expect(new loaded.ExecutionObject2({}, env).env).toBe(first);
    expect(shared(envOf(0, 2, 2))).not.toBe(first);
  });
});
