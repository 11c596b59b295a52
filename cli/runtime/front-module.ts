/** By this binding the front reaches the process that keeps the state: workerd's own way to the services of another workerd. */
export const STATE_BINDING = "STATE_PROCESS";

/** Where that process listens. */
export const STATE_ADDRESS = "STATE_ADDRESS";

export interface FrontModuleOptions {
  /** The module that a process serves that does everything itself. */
  main: string;
  /** The Worker's service in the other process. */
  service: string;
  /** Classes of Durable Objects, by the names of their bindings. */
  objects: Map<string, string>;
}

/**
 * The Worker's main module in a front process: the same Worker, whose objects are those of the state process. Its own namespaces only make ids, which are
 * the same in both since they come from the name and the namespace's key; an object made here would keep nothing, so that none can be made.
 */
export function frontModule({ main, service, objects }: FrontModuleOptions): string {
  const from = JSON.stringify(`./${main}`);
  const classes = JSON.stringify(Object.fromEntries(objects));
  return `import { DurableObject } from "cloudflare:workers";
import entry, { WorkRunner as BuiltRunner } from ${from}; export * from ${from};

class Elsewhere extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    throw new Error("Objects are in the state process.");
  }
}
${[...objects.values()].map((name) => `export class ${name} extends Elsewhere {}`).join("\n")}

class RemoteNamespace {
  constructor(env, ids, className) {
    this.idFromName = (name) => ids.idFromName(name);
    this.idFromString = (text) => ids.idFromString(text);
    this.newUniqueId = () => ids.newUniqueId();
    this.get = (id) =>
      env.${STATE_BINDING}.connect(env.${STATE_ADDRESS}).getActor(${JSON.stringify(service)}, className, id.toString());
    this.getByName = (name) => this.get(ids.idFromName(name));
  }
}

let known;
let remote;

/** One for each environment, so that what is kept by environment is kept here too. */
function withRemote(env) {
  if (known !== env) {
    const namespaces = Object.entries(${classes}).map(([name, className]) => [
      name,
      new RemoteNamespace(env, env[name], className),
    ]);
    known = env;
    remote = { ...env, ...Object.fromEntries(namespaces) };
  }
  return remote;
}

export default {
  ...entry,
  fetch: (request, env, ctx) => entry.fetch(request, withRemote(env), ctx),
};

export class WorkRunner extends BuiltRunner {
  constructor(ctx, env) {
    super(ctx, withRemote(env));
  }
}
`;
}
