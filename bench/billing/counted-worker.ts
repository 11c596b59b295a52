import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { readWorkerOptions } from "#cli/runtime/worker-options.ts";
import type { WorkerModule, WorkerOptions } from "#cli/runtime/worker-options.ts";

/** Methods of the Worker's entrypoints that only alarms call. */
const ALARM_METHODS = ["listedSeq"];

/**
 * The built Worker with another entry: `counting-worker.ts` wraps its handlers, objects and entrypoints. The two modules exist in memory only,
 * as if they lay beside the built ones.
 */
export function countedWorker(): WorkerOptions {
  const built = readWorkerOptions();
  const [main] = built.modules;
  if (main === undefined) {
    throw new Error("The build has no main module.");
  }
  const beside = (name: string, contents: string): WorkerModule => ({
    type: "ESModule",
    path: join(dirname(main.path), name),
    contents,
  });
  const modules: WorkerModule[] = [
    beside("bench-entry.mjs", entrySource(built)),
    beside("bench-counting.mjs", countingSource()),
    ...built.modules,
  ];
  return { ...built, modules };
}

/** One module: what the counting Worker imports as a value stands before it. */
function countingSource(): string {
  const [counters, worker] = ["counters.ts", "counting-worker.ts"].map((name) =>
    stripTypeScriptTypes(readFileSync(join(import.meta.dirname, name), "utf8")),
  );
  return `${counters}\n${worker?.replace(/^import \{ noCounts \} from .*$/m, "")}`;
}

function entrySource({ options }: WorkerOptions): string {
  const objects = classesOf(options["durableObjects"], "className");
  const entrypoints = classesOf(options["serviceBindings"], "entrypoint");
  return [
    'import * as built from "./index.js";',
    'import { countingEntrypoint, countingHandlers, countingObject } from "./bench-counting.mjs";',
    "export default countingHandlers(built.default);",
    ...objects.map((name) => `export const ${name} = countingObject(built.${name});`),
    ...entrypoints.map(
      (name) => `export const ${name} = countingEntrypoint(built.${name}, ${JSON.stringify(ALARM_METHODS)});`,
    ),
    "",
  ].join("\n");
}

function classesOf(bindings: unknown, field: string): string[] {
  const names = Object.values((bindings ?? {}) as Record<string, Record<string, unknown>>).map(
    (binding) => binding[field],
  );
  return [...new Set(names.filter((name) => typeof name === "string"))];
}
