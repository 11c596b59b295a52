import { execFileSync } from "node:child_process";

/** Where a sample's time belongs: the first kind whose text is found in one of its frames, from the innermost kinds to the outermost. */
const KINDS: readonly [kind: string, texts: readonly string[]][] = [
  ["making a new object (open its database)", ["new_actor"]],
  ["waiting for the disk (fsync)", ["do_fsync", "fsync"]],
  ["SQLite", ["sqlite3_", "Sqlite"]],
  ["garbage collection", ["CollectGarbage", "Scaveng", "MarkCompact"]],
  ["copying values over RPC", ["ValueSerializer", "ValueDeserializer"]],
  [
    "compiling JavaScript",
    ["Compiler::", "CompileLazy", "OptimizedCompilation", "Turbofan", "Maglev", "BaselineBatch"],
  ],
];
const SCRIPT = "JavaScript and what it calls";
const NATIVE = "the runtime itself (promises, RPC, HTTP)";

export interface OnCpu {
  samples: number;
  /** Samples by kind. */
  kinds: Map<string, number>;
  /** Samples by innermost JavaScript function, native code that it calls included. */
  self: Map<string, number>;
  /** Samples in which a JavaScript function is anywhere on the stack. */
  total: Map<string, number>;
}

/** Reads what `perf record -g` wrote, with names of JavaScript functions from V8's /tmp/perf-PID.map. */
export function readPerf(file: string): OnCpu {
  const text = execFileSync("perf", ["script", "-i", file, "-F", "comm,tid,ip,sym"], {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const found: OnCpu = { samples: 0, kinds: new Map(), self: new Map(), total: new Map() };
  for (const block of text.split("\n\n")) {
    const frames = block
      .split("\n")
      .slice(1)
      .flatMap((line) => /^\s*[0-9a-f]+\s+(.*)$/.exec(line)?.[1] ?? []);
    if (frames.length > 0) {
      take(found, frames);
    }
  }
  return found;
}

function take(found: OnCpu, frames: string[]): void {
  const scripts = frames.flatMap(
    (frame) => /^(?:JS|LazyCompile|Function|Script):[~*^+']*(?:o\+)?(.*)$/.exec(frame)?.[1] ?? [],
  );
  const kind = KINDS.find(([, texts]) => frames.some((frame) => texts.some((text) => frame.includes(text))))?.[0];
  found.samples += 1;
  count(found.kinds, kind ?? (scripts.length > 0 ? SCRIPT : NATIVE));
  const [innermost] = scripts;
  if (innermost !== undefined) {
    count(found.self, innermost);
  }
  for (const name of new Set(scripts)) {
    count(found.total, name);
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
