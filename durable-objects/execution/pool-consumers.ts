import type { BlockPool } from "#graph/catalog/block-descriptor.ts";

/** Consumers that work for a pool's queue at a time: `max_concurrency` in wrangler.toml, and what the embedded runtime holds to by itself. */
export const POOL_CONSUMERS: Readonly<Record<BlockPool, number>> = { io: 250, cpu: 100, memory: 20 };

/**
 * Consumers that one run calls and has at a time, by pool: a fifth of them. Queues are first come, first served for all runs of all workspaces, so this is
 * what one run can put before the others (rule AL5).
 */
export const MOST_CONSUMERS: Readonly<Record<BlockPool, number>> = { io: 50, cpu: 20, memory: 4 };
