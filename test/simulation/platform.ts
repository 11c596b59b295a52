import { Run } from "#durable-objects/execution/run.ts";
import type { World } from "./world.ts";

/**
 * The globals that the object's code uses, put under the world's rule: time, timers, chance, sockets, the log. Which machine a call comes from is
 * the one whose step it is. Outside a simulation they are what they were.
 */

/** What a machine has to offer besides time, if it is the home of an object. */
export interface ObjectPlatform {
  socketPair(): { 0: WebSocket; 1: WebSocket };
  onRun(run: Run): void;
}

let world: World | null = null;
let chance: () => number = Math.random;
let installed = false;

/** Does `work` with the globals of this world. */
export async function within<T>(of: World, work: () => Promise<T>): Promise<T> {
  install();
  world = of;
  const random = of.random.stream("Math.random");
  chance = () => random.next();
  try {
    return await work();
  } finally {
    world = null;
  }
}

function here(): World["current"] {
  return world?.current ?? null;
}

function object(): ObjectPlatform {
  const machine = here();
  if (machine === null || !("socketPair" in machine)) {
    throw new Error("only an object does this");
  }
  return machine as unknown as ObjectPlatform;
}

function install(): void {
  if (installed) {
    return;
  }
  installed = true;
  const { now } = Date;
  const { random } = Math;
  const { setTimeout, clearTimeout, Response } = globalThis;
  const { console } = globalThis as unknown as { console: Console };
  Date.now = () => here()?.now() ?? now();
  Math.random = () => (here() === null ? random() : chance());
  Object.assign(globalThis, {
    setTimeout: (work: () => void, ms: number) => here()?.setTimer(ms, work) ?? setTimeout(work, ms),
    clearTimeout: (timer: unknown) => {
      if (typeof timer === "object" && timer !== null && "cancel" in timer && typeof timer.cancel === "function") {
        timer.cancel();
      } else {
        clearTimeout(timer as Parameters<typeof clearTimeout>[0]);
      }
    },
    Response: upgradingResponse(Response),
    WebSocketPair: class {
      constructor() {
        return object().socketPair();
      }
    },
    console: Object.assign(Object.create(console) as object, {
      info: logged(console, "info"),
      warn: logged(console, "warn"),
      error: logged(console, "error"),
    }),
  });
  watchRuns();
}

/** Node's Response knows no status 101. */
function upgradingResponse(Base: typeof Response): typeof Response {
  return class extends Base {
    constructor(body?: BodyInit | null, init?: ResponseInit) {
      super(body, init?.status === 101 ? { ...init, status: 200 } : init);
      Object.defineProperty(this, "webSocket", { value: init?.webSocket ?? null });
    }
  };
}

function logged(console: Console, level: "info" | "warn" | "error"): (...args: unknown[]) => void {
  return (...args) => {
    const machine = here();
    if (machine === null) {
      console[level](...args);
    } else {
      world?.note(() => `    ${machine.name} logs: ${args.map(String).join(" ")}`);
    }
  };
}

/** Tells the object's home of the run that the object has loaded, created or adopted, so that its state can be looked at. */
function watchRuns(): void {
  const load = Run.load.bind(Run);
  const create = Run.create.bind(Run);
  Run.load = (store, now, leaseOf) => {
    const run = load(store, now, leaseOf);
    if (run !== null) {
      object().onRun(run);
    }
    return run;
  };
  const ofAdopted = Run.ofAdopted.bind(Run);
  Run.ofAdopted = (store, begun, at) => {
    const adopted = ofAdopted(store, begun, at);
    object().onRun(adopted[0]);
    return adopted;
  };
  Run.create = (store, header, first) => {
    const created = create(store, header, first);
    object().onRun(created[0]);
    return created;
  };
}
