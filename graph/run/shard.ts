/**
 * A shard is a part of all runs. Where one machine serves with several processes, each keeps the objects of some shards, and a run belongs to one of the process that began it; on Cloudflare, and
 * in a single process, all runs are of shard 0. A run's id tells its shard: UUIDs of shard 0 are as they always were (versions 7 and 5), all others have version 8, whose twelve free bits
 * (RFC 9562 §5.8) after the time are the number.
 */
export const MAX_SHARDS = 32;

/** The shard of a run, by its id. */
export function shardOf(executionId: string): number {
  return executionId[14] === "8" ? Number.parseInt(executionId.slice(15, 18), 16) : 0;
}

/** A UUID of version 5 or 7 as the id of a run of `shard`. Those of version 7 still sort by time. */
export function inShard(uuid: string, shard: number): string {
  return shard === 0 ? uuid : `${uuid.slice(0, 14)}8${shard.toString(16).padStart(3, "0")}${uuid.slice(18)}`;
}
