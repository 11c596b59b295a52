import { shardOf } from "#graph/run/shard.ts";

/** workerd's own way to the services of another workerd. */
export const DOORS_BINDING = "PROCESS_DOORS";

/** What a process knows of the others, JSON (`ProcessPlace`). */
export const PLACE_BINDING = "PROCESS_PLACE";

export interface ProcessPlace {
  /** Of this process. */
  index: number;
  /** Where each process lets the others in, in their order. */
  doors: string[];
  /** How many shards there are; `shard % doors.length` is the process that keeps one. */
  shards: number;
}

interface ObjectNames {
  binding: string;
  className: string;
}

/** The Worker's classes that processes must know of, as in wrangler.toml. */
export interface WorkerObjects {
  /** Objects of runs, of which each process keeps some shards. */
  executions: ObjectNames;
  /** Objects of workspaces, which the first process keeps. */
  workspaces: ObjectNames;
  /** What other processes call. */
  runner: string;
}

export const OBJECTS: WorkerObjects = {
  executions: { binding: "EXECUTIONS", className: "ExecutionObject" },
  workspaces: { binding: "WORKSPACES", className: "WorkspaceObject" },
  runner: "WorkRunner",
};

/** Binding and class of the objects of a shard of runs. */
export function shardNames({ binding, className }: ObjectNames, shard: number): ObjectNames {
  return shard === 0 ? { binding, className } : { binding: `${binding}_${shard}`, className: `${className}${shard}` };
}

export function objectClasses({ executions, workspaces }: WorkerObjects, shards: number): string[] {
  return [...everyShard(executions, shards), workspaces].map(({ className }) => className);
}

function everyShard(executions: ObjectNames, shards: number): ObjectNames[] {
  return Array.from({ length: shards }, (_, shard) => shardNames(executions, shard));
}

export interface ProcessModuleOptions extends WorkerObjects {
  /** The module that a process serves that is alone. */
  main: string;
  /** The Worker's service, which has the same name in all processes. */
  service: string;
  maxShards: number;
}

/**
 * The Worker's main module where several processes share its work: the same Worker, in whose environment namespaces lead to the process that keeps an object. The ids are made here; a namespace whose objects
 * another process keeps is one of the service of `idModule`, which makes nothing else.
 */
export function processModule(options: ProcessModuleOptions): string {
  const { main, executions, workspaces, runner, maxShards } = options;
  const from = JSON.stringify(`./${main}`);
  const shards = everyShard(executions, maxShards);
  return `import entry, {
  ${executions.className} as BuiltExecution,
  ${workspaces.className} as BuiltWorkspace,
  ${runner} as BuiltRunner,
} from ${from}; export * from ${from};

const SHARDS = ${JSON.stringify(shards)};

${shardOf.toString()}
${namespaceSource(options)}
${environmentSource(options)}
export default {
  ...entry,
  fetch: (request, env, ctx) => entry.fetch(request, sharedEnv(env), ctx),
  queue: (batch, env, ctx) => entry.queue(batch, sharedEnv(env), ctx),
};

const inSharedEnv = (Built) =>
  class extends Built {
    constructor(ctx, env) {
      super(ctx, sharedEnv(env));
    }
  };

export class ${executions.className} extends inSharedEnv(BuiltExecution) {}
${shards
  .slice(1)
  .map(({ className }) => `export class ${className} extends ${executions.className} {}`)
  .join("\n")}
export class ${workspaces.className} extends inSharedEnv(BuiltWorkspace) {}
export class ${runner} extends inSharedEnv(BuiltRunner) {}
`;
}

function namespaceSource({ service }: ProcessModuleOptions): string {
  return `
/** Objects of a class that one process keeps. */
class Namespace {
  constructor(env, { binding, className }, home) {
    const { index, doors } = env.${PLACE_BINDING};
    const own = env[binding];
    const remote = (id) => env.${DOORS_BINDING}.connect(doors[home]).getActor(${JSON.stringify(service)}, className, id.toString());
    this.idFromName = (name) => own.idFromName(name);
    this.get = home === index ? (id) => own.get(id) : remote;
  }
}

/** Objects of runs. An id of a shard that there is not is of no run: the first shard's object of that name has none. */
class ShardedNamespace {
  constructor(shards) {
    this.idFromName = (name) => {
      const namespace = shards[shardOf(name)] ?? shards[0];
      return { namespace, id: namespace.idFromName(name) };
    };
    this.get = ({ namespace, id }) => namespace.get(id);
  }
}
`;
}

function environmentSource({ service, executions, workspaces, runner }: ProcessModuleOptions): string {
  const names = [service, runner].map((name) => JSON.stringify(name)).join(", ");
  return `
function shared(env) {
  const { index, doors, shards } = env.${PLACE_BINDING};
  const runner = (home) => env.${DOORS_BINDING}.connect(doors[home]).getEntrypoint(${names});
  const others = doors.map((_, home) => home).filter((home) => home !== index);
  const ofRuns = SHARDS.slice(0, shards).map((names, shard) => new Namespace(env, names, shard % doors.length));
  return {
    ...env,
    ${executions.binding}: new ShardedNamespace(ofRuns),
    ${workspaces.binding}: new Namespace(env, ${JSON.stringify(workspaces)}, 0),
    OTHER_PROCESSES: {
      async forgetGraph(key) {
        await Promise.all(others.map((home) => runner(home).forgetGraph(key)));
      },
    },
    WORK_RUNNER: {
      listedSeq: (...args) => env.WORK_RUNNER.listedSeq(...args),
      startChild: (...args) => env.WORK_RUNNER.startChild(...args),
      carryValues: (...args) => env.WORK_RUNNER.carryValues(...args),
      /** Work on a run is done where its object is. */
      async work(messages) {
        const homes = Map.groupBy(messages, ({ execution_id }) => shardOf(execution_id) % doors.length);
        await Promise.all([...homes].map(([home, some]) => (home === index ? env.WORK_RUNNER : runner(home)).work(some)));
      },
    },
  };
}

/** One for each environment, so that what is kept by environment is kept here too. */
const made = new WeakMap();

function sharedEnv(env) {
  const known = made.get(env) ?? shared(env);
  made.set(env, known);
  return known;
}
`;
}

/** A service whose namespaces make the ids of objects that other processes keep. None of its objects is ever made: they would keep nothing. */
export function idModule(classNames: string[]): string {
  return `import { DurableObject } from "cloudflare:workers";

class Elsewhere extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    throw new Error("Another process keeps this object.");
  }
}
${classNames.map((name) => `export class ${name} extends Elsewhere {}`).join("\n")}
export default {};
`;
}
