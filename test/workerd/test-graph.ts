import { expect } from "vitest";
import { agentFile } from "../agent-file.ts";
import type { Pin, ShapeNode } from "../agent-file.ts";
import type { Tenant } from "./api-client.ts";

/** A node in short, with its id. */
export type TestNode = [id: string, ...ShapeNode];

/** What saving a graph answers, as far as tests look at it. */
export interface SavedGraph {
  id: string;
  version: number;
  warnings: unknown[];
}

export const inputNode = (name: string): TestNode => [`in_${name}`, "input", { name }];

export const outputNode = (name: string): TestNode => [`out_${name}`, "output", { name }];

/** Saves an agent in the tenant's workspace. A link is written `node.pin node.pin`. */
export async function saveGraph(tenant: Tenant, nodes: TestNode[], ...links: string[]): Promise<SavedGraph> {
  const file = agentFile("Test", "", {
    nodes: Object.fromEntries(nodes.map(([id, ...node]) => [id, node])),
    links: links.map((link) => link.split(" ") as [Pin, Pin]),
  });
  const made = await tenant.client.call<SavedGraph>("/api/v1/graphs", { body: file });
  expect(made.status).toBe(201);
  return made.body;
}
