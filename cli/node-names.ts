import type { GraphNode } from "#graph/model/graph-file.ts";
import type { WeftClient } from "./client.ts";
import { UsageError } from "./command.ts";

/** How people call the nodes of a graph: the name that they gave, else the block's; numbered where that is not unique. */
export async function nodeNames(nodes: readonly GraphNode[], client: WeftClient): Promise<Map<string, string>> {
  const blocks = new Map<string, string>();
  for await (const { id, name } of client.blocks()) blocks.set(id, name);
  const names = new Map<string, string>();
  const seen = new Map<string, number>();
  for (const { id, block_id, metadata } of nodes) {
    const name = metadata.customized_name || blocks.get(block_id) || id;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    names.set(id, count === 1 ? name : `${name} ${count}`);
  }
  return names;
}

/** The node that somebody means by its id or by the name that `nodeNames` gives it. @throws UsageError when there is none. */
export async function nodeIdOf(named: string, nodes: readonly GraphNode[], client: WeftClient): Promise<string> {
  if (nodes.some(({ id }) => id === named)) return named;
  const names = await nodeNames(nodes, client);
  for (const [id, name] of names) if (name === named) return id;
  const known = [...names].map(([id, name]) => `  ${id}  ${name}\n`).join("");
  throw new UsageError(`The agent has no node ${named}. Its nodes are:\n${known}`);
}
