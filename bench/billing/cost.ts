import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Counts } from "./counters.ts";

interface Price {
  dollars_per_million: number;
}

interface Prices {
  items: Record<Exclude<keyof Counts, "queue_messages" | "object_ms"> | "worker_cpu_ms", Price> & {
    queue_operations: Price & { per_queue_message: number };
    object_gb_seconds: Price & { gb_per_object: number };
  };
}

const { items } = JSON.parse(readFileSync(join(import.meta.dirname, "prices.json"), "utf8")) as Prices;

/** Dollars by item, for these operations and this CPU time, beyond what the plan includes. */
export function dollars(counts: Counts, cpuMs: number): Record<string, number> {
  const { queue_messages, object_ms, ...plain } = counts;
  const costs: Record<string, number> = {
    worker_cpu_ms: each(items.worker_cpu_ms, cpuMs),
    queue_operations: each(items.queue_operations, queue_messages * items.queue_operations.per_queue_message),
    object_gb_seconds: each(items.object_gb_seconds, (object_ms / 1_000) * items.object_gb_seconds.gb_per_object),
  };
  for (const [name, amount] of Object.entries(plain) as [keyof typeof plain, number][]) {
    costs[name] = each(items[name], amount);
  }
  return costs;
}

function each({ dollars_per_million }: Price, amount: number): number {
  return (amount * dollars_per_million) / 1_000_000;
}
