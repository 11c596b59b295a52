import type { Checkpoint } from "#durable-objects/execution/checkpoints.ts";
import { SNAPSHOT_VERSION } from "#durable-objects/execution/core/snapshot.ts";
import type { Random } from "./random.ts";

/**
 * What another version of the code, or a torn write, would have left in the place of a snapshot: whoever reads it all the same has a state that is wrong
 * (rule SN3).
 */
export function foreignSnapshot(text: string, random: Random): string {
  const found = readable(text);
  if (found === null) {
    return text;
  }
  const { marks, state } = found;
  // Not from its own version: what is bent a second time would become readable again.
  const other = SNAPSHOT_VERSION + random.pick([-1, 1, 7]);
  switch (random.pick(["same names", "other names", "torn"] as const)) {
    // The parts are called what they are called here, and mean something else.
    case "same names": {
      const empty = { executions: [], nodes: [], ready: [], delayed: [], running: [], waiting: [] };
      return JSON.stringify({ version: other, marks, state: { ...state, ...empty, active: 0, created: 0 } });
    }
    case "other names":
      return JSON.stringify({ version: other, checkpoint: { of: state.seq } });
    case "torn":
      return text.slice(0, random.between(1, text.length - 1));
  }
}

/** Null when it is bent already. */
function readable(text: string): Checkpoint | null {
  try {
    const found = JSON.parse(text) as Partial<Checkpoint>;
    return found.state === undefined ? null : (found as Checkpoint);
  } catch {
    return null;
  }
}
