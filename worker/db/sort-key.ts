/**
 * Where a run stands in lists, oldest first, as text: the order of creation, and no two runs alike. A run whose id begins with the time it was made at (UUIDv7) has
 * its id as the key, so it is found by id without an index. Any other, such as a sub-agent's (UUIDv5), has its time of creation in the same form and then its id.
 */
export function sortKeyOf({ id, createdAt }: { id: string; createdAt: number }): string {
  return id[VERSION_AT - 1] === TIMED ? id : timeKey(createdAt) + id;
}

/** The key before those of all runs of this time and later. ms since the epoch; what an id has no room for counts as the first or the last time that it has. */
export function timeKey(time: number): string {
  const hex = Math.min(Math.max(0, Math.trunc(time)), MAX_TIME)
    .toString(16)
    .padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-`;
}

const MAX_TIME = 2 ** 48 - 1;

/** Of the version in an id, counted from 1 as SQL does; migrations/0004 has both too. */
const VERSION_AT = 15;
const TIMED = "7";

/** SQL for the key of a run of which only the id is known; NULL when the workspace has no such run. Takes two expressions of SQL. */
export function sortKeyOfId(workspaceId: string, id: string): string {
  return `CASE WHEN substr(${id}, ${VERSION_AT}, 1) = '${TIMED}' THEN ${id} ELSE (
    SELECT sort_key FROM execution
    WHERE workspace_id = ${workspaceId} AND id = ${id} AND substr(id, ${VERSION_AT}, 1) <> '${TIMED}') END`;
}
