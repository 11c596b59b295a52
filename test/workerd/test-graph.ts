import { expect } from "vitest";
import type { Tenant } from "./api-client.ts";
import { INPUT_BLOCK, OUTPUT_BLOCK } from "./echo-graph.ts";

/** A node of a graph that a test makes. */
export interface TestNode {
  id: string;
  block_id: string;
  input_default?: object;
  metadata?: object;
}

/** What saving a graph answers, as far as tests look at it. */
export interface SavedGraph {
  id: string;
  version: number;
  warnings: unknown[];
}

export const inputNode = (name: string): TestNode => ({
  id: `in_${name}`,
  block_id: INPUT_BLOCK,
  input_default: { name },
});

export const outputNode = (name: string): TestNode => ({
  id: `out_${name}`,
  block_id: OUTPUT_BLOCK,
  input_default: { name },
});

/** Saves a graph in the tenant's workspace. A link is written `node.pin node.pin`. */
export async function saveGraph(tenant: Tenant, nodes: TestNode[], ...links: string[]): Promise<SavedGraph> {
  const wires = links.map((text, index) => {
    const [from = "", to = ""] = text.split(" ");
    const [source_id, source_name] = from.split(".");
    const [sink_id, sink_name] = to.split(".");
    return { id: `l${index}`, source_id, source_name, sink_id, sink_name };
  });
  const made = await tenant.client.call<SavedGraph>("/api/v1/graphs", { body: { name: "Test", nodes, links: wires } });
  expect(made.status).toBe(201);
  return made.body;
}
