import type { GraphLink } from "./graph-file.ts";

/** Ids of the nodes from which links lead to a node. */
export type Sources = ReadonlyMap<string, readonly string[]>;

export function sourcesOf(links: readonly GraphLink[]): Sources {
  const sources = new Map<string, string[]>();
  for (const { source_id, sink_id } of links) {
    const known = sources.get(sink_id);
    if (known === undefined) {
      sources.set(sink_id, [source_id]);
    } else {
      known.push(source_id);
    }
  }
  return sources;
}

/** All nodes that links lead to a node from, over any number of links; the node itself only when links lead from it back to it. */
export function nodesBefore(id: string, sources: Sources): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [id];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const source of sources.get(node) ?? []) {
      if (!found.has(source)) {
        found.add(source);
        open.push(source);
      }
    }
  }
  return found;
}
