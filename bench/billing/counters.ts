/** Operations that Cloudflare bills, counted where the Worker's code meets its bindings. */
export interface Counts {
  /** HTTP requests to the Worker, queue batches and other invocations of it. */
  worker_requests: number;
  /** Messages sent to a queue. Each is billed as three operations: written, read, deleted. */
  queue_messages: number;
  /** Calls to an object over RPC or HTTP, and alarms. */
  object_requests: number;
  /** ms in which at least one call kept an object awake. */
  object_ms: number;
  object_rows_read: number;
  object_rows_written: number;
  d1_rows_read: number;
  d1_rows_written: number;
  r2_class_a: number;
  r2_class_b: number;
}

/** By what caused them: a request or a queue's batch (`run`), or an alarm and what it asks for (`alarm`). */
export type Cause = "run" | "alarm";

export function noCounts(): Counts {
  return {
    worker_requests: 0,
    queue_messages: 0,
    object_requests: 0,
    object_ms: 0,
    object_rows_read: 0,
    object_rows_written: 0,
    d1_rows_read: 0,
    d1_rows_written: 0,
    r2_class_a: 0,
    r2_class_b: 0,
  };
}

export const COUNTS = Object.keys(noCounts()) as (keyof Counts)[];

/** a × factor + b, figure by figure. */
export function combine(a: Counts, b: Counts, factor = 1): Counts {
  const sum = noCounts();
  for (const name of COUNTS) {
    sum[name] = a[name] * factor + b[name];
  }
  return sum;
}
