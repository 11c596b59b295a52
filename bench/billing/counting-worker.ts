import { AsyncLocalStorage } from "node:async_hooks";
import { noCounts } from "./counters.ts";
import type { Cause, Counts } from "./counters.ts";

/**
 * Runs inside the Worker's isolate, in a bench-only entry module around the built Worker (`counted-worker.ts`). It counts what goes through
 * the bindings; the built code is the one that is deployed, unchanged. Billed are, by Cloudflare's price lists: what `counters.ts` names.
 */
const counts: Record<Cause, Counts> = { run: noCounts(), alarm: noCounts() };
const cause = new AsyncLocalStorage<Cause>();

function add(what: keyof Counts, amount = 1): void {
  counts[cause.getStore() ?? "run"][what] += amount;
}

type Callable = (...args: unknown[]) => unknown;
type Wrap = (call: (...args: unknown[]) => unknown, args: unknown[]) => unknown;

/** The same object with some of its methods wrapped; all others get the real `this`, which native bindings insist on. */
function wrapped(target: object, wraps: (name: string) => Wrap | undefined): object {
  return new Proxy(target, {
    get(real, name) {
      const value: unknown = Reflect.get(real, name, real);
      if (typeof value !== "function") {
        return value;
      }
      const method = value as Callable;
      const call: Callable = (...args) => Reflect.apply(method, real, args);
      const wrap = typeof name === "string" ? wraps(name) : undefined;
      return wrap === undefined ? call : (...args: unknown[]) => wrap(call, args);
    },
  });
}

const queue: Record<string, Wrap> = {
  send: (call, args) => {
    add("queue_messages");
    return call(...args);
  },
  sendBatch: (call, args) => {
    const messages = [...(args[0] as Iterable<unknown>)];
    add("queue_messages", messages.length);
    return call(messages, ...args.slice(1));
  },
};

const R2_OPERATIONS: Record<string, "r2_class_a" | "r2_class_b"> = {
  put: "r2_class_a",
  list: "r2_class_a",
  createMultipartUpload: "r2_class_a",
  get: "r2_class_b",
  head: "r2_class_b",
};

function bucket(name: string): Wrap | undefined {
  const kind = Object.hasOwn(R2_OPERATIONS, name) ? R2_OPERATIONS[name] : undefined;
  return kind === undefined
    ? undefined
    : (call, args) => {
        add(kind);
        return call(...args);
      };
}

interface D1Meta {
  rows_read?: number;
  rows_written?: number;
}

function addRows(result: unknown): void {
  for (const one of Array.isArray(result) ? result : [result]) {
    const { meta } = one as { meta?: D1Meta };
    add("d1_rows_read", meta?.rows_read ?? 0);
    add("d1_rows_written", meta?.rows_written ?? 0);
  }
}

/** What the Worker uses of a prepared statement. */
interface Statement {
  bind(...values: unknown[]): Statement;
  all(): Promise<{ results: object[]; meta?: D1Meta }>;
}

const REAL = Symbol("the statement itself");

/** `raw` and `first` answer without the figures of the query: they are taken from `all` in their place. */
function statement(real: Statement): object {
  return new Proxy(real, {
    get(target, name) {
      switch (name) {
        case REAL:
          return target;
        case "bind":
          return (...values: unknown[]) => statement(target.bind(...values));
        case "run":
        case "all":
          return async () => counted(await target.all());
        case "raw":
          return async () => counted(await target.all()).results.map((row) => Object.values(row));
        case "first":
          return async (column?: string) => firstOf(counted(await target.all()).results, column);
        default:
          return Reflect.get(target, name, target);
      }
    },
  });
}

function counted<T>(result: T): T {
  addRows(result);
  return result;
}

function firstOf(rows: unknown[], column: string | undefined): unknown {
  const row = rows[0] as Record<string, unknown> | undefined;
  return row === undefined ? null : column === undefined ? row : row[column];
}

const database: Record<string, Wrap> = {
  prepare: (call, args) => statement(call(...args) as Statement),
  batch: async (call, args) => {
    const statements = (args[0] as { [REAL]?: unknown }[]).map((given) => given[REAL] ?? given);
    return counted(await (call(statements) as Promise<unknown>));
  },
};

/** Calls on the way to each object: billed time runs while there is at least one. */
const awake = new Map<string, { calls: number; since: number }>();

async function callObject(id: string, call: () => unknown): Promise<unknown> {
  add("object_requests");
  const object = awake.get(id) ?? { calls: 0, since: Date.now() };
  awake.set(id, object);
  object.calls += 1;
  try {
    return await call();
  } finally {
    object.calls -= 1;
    if (object.calls === 0) {
      awake.delete(id);
      add("object_ms", Date.now() - object.since);
    }
  }
}

function objects(name: string): Wrap | undefined {
  if (name !== "get" && name !== "getByName") {
    return undefined;
  }
  return (call, args) => {
    const stub = call(...args) as { id: { toString(): string } };
    const id = stub.id.toString();
    return wrapped(stub, () => (method, given) => callObject(id, () => method(...given)));
  };
}

function wrapBinding(binding: unknown): unknown {
  if (typeof binding !== "object" || binding === null) {
    return binding;
  }
  const has = (name: string): boolean => typeof Reflect.get(binding, name) === "function";
  const kind = Object.prototype.toString.call(binding).slice("[object ".length, -1);
  if (kind === "DurableObjectNamespace") {
    return wrapped(binding, objects);
  }
  if (kind === "R2Bucket") {
    return wrapped(binding, bucket);
  }
  if (kind === "WorkerQueue" || kind === "Queue") {
    return wrapped(binding, (name) => queue[name]);
  }
  return has("prepare") && has("batch") ? wrapped(binding, (name) => database[name]) : binding;
}

const environments = new WeakMap<object, object>();

/** The environment with counting bindings; the same for the same one. */
export function countingEnv(env: object): object {
  let counting = environments.get(env);
  if (counting === undefined) {
    counting = Object.fromEntries(Object.entries(env).map(([name, binding]) => [name, wrapBinding(binding)]));
    environments.set(env, counting);
  }
  return counting;
}

interface Cursor {
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

interface Storage {
  sql: object;
}

let storageCounts = false;

/** Every object of the isolate shares the prototypes of its storage: they are wrapped once. */
function countStorage({ storage }: { storage: Storage }): void {
  if (storageCounts) {
    return;
  }
  storageCounts = true;
  // A write is done when `exec` returns; rows read by a cursor that is not read to its end yet are counted as far as they were read.
  patch(Object.getPrototypeOf(storage.sql) as object, "exec", (result) => {
    const { rowsRead, rowsWritten } = result as Cursor;
    add("object_rows_read", rowsRead);
    add("object_rows_written", rowsWritten);
  });
  for (const name of ["setAlarm", "deleteAlarm"]) {
    patch(Object.getPrototypeOf(storage) as object, name, () => add("object_rows_written"));
  }
}

function patch(prototype: object, name: string, after: (result: unknown) => void): void {
  const method = Reflect.get(prototype, name) as Callable;
  Reflect.defineProperty(prototype, name, {
    configurable: true,
    writable: true,
    value(this: unknown, ...args: unknown[]) {
      const result = Reflect.apply(method, this, args);
      after(result);
      return result;
    },
  });
}

type Class = new (ctx: never, env: never) => object;

/** A Durable Object class that counts its storage, its alarms and what it does with its bindings. */
export function countingObject(Base: Class): Class {
  return class extends Base {
    constructor(ctx: never, env: never) {
      countStorage(ctx);
      super(ctx, countingEnv(env) as never);
    }

    alarm(...args: unknown[]): unknown {
      return cause.run("alarm", () => {
        add("object_requests");
        const ring = Reflect.get(Base.prototype as object, "alarm") as Callable;
        return Reflect.apply(ring, this, args);
      });
    }
  };
}

/** An entrypoint class with counting bindings; `alarmMethods` are called by alarms only. Service bindings are not billed by the call. */
export function countingEntrypoint(Base: Class, alarmMethods: readonly string[]): Class {
  const Counting = class extends Base {
    constructor(ctx: never, env: never) {
      super(ctx, countingEnv(env) as never);
    }
  };
  for (const name of alarmMethods) {
    const method = Reflect.get(Base.prototype as object, name) as Callable | undefined;
    if (method !== undefined) {
      Object.defineProperty(Counting.prototype, name, {
        value(this: unknown, ...args: unknown[]) {
          return cause.run("alarm", () => Reflect.apply(method, this, args));
        },
      });
    }
  }
  return Counting;
}

interface Handlers {
  fetch(request: Request, env: object, ctx: object): unknown;
  queue?(batch: object, env: object, ctx: object): unknown;
  scheduled?(event: object, env: object, ctx: object): unknown;
}

/** The Worker's handlers with counting bindings, and `GET /bench/counts`, which answers the counts and starts again from none. */
export function countingHandlers(built: Handlers): Handlers {
  return {
    fetch(request, env, ctx) {
      if (new URL(request.url).pathname !== "/bench/counts") {
        add("worker_requests");
        return built.fetch(request, countingEnv(env), ctx);
      }
      const answer = Response.json(counts);
      Object.assign(counts, { run: noCounts(), alarm: noCounts() });
      return answer;
    },
    queue(batch, env, ctx) {
      add("worker_requests");
      return built.queue?.(batch, countingEnv(env), ctx);
    },
    scheduled(event, env, ctx) {
      add("worker_requests");
      return built.scheduled?.(event, countingEnv(env), ctx);
    },
  };
}
