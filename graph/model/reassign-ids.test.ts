import { describe, expect, it } from "vitest";
import { BLOCK } from "../catalog/test-catalog.testkit.ts";
import { graphOf } from "./graph-generators.testkit.ts";
import { reassignIds, reassignNodeIds } from "./reassign-ids.ts";

function counter(): () => string {
  let last = 0;
  return () => `new-${++last}`;
}

const graph = graphOf(
  {
    ai: { block: BLOCK.orchestrator },
    tool: { block: BLOCK.calculator },
    sub: { block: BLOCK.agent, input: { graph_id: "sub-graph", graph_version: 1 } },
    elsewhere: { block: BLOCK.agent, input: { graph_id: "published", graph_version: 1 } },
  },
  ["ai.tools_^_tool_~_a -> tool.a", "ai.tools -> tool.b"],
  {
    sub_graphs: [
      {
        id: "sub-graph",
        name: "Sub",
        nodes: [{ id: "ai", block_id: BLOCK.agent, input_default: { graph_id: "graph-1" }, graph_id: "sub-graph" }],
        links: [],
      },
    ],
  },
);

describe("reassignIds", () => {
  it("renews every id and keeps what refers to it in step", () => {
    const before = structuredClone(graph);
    const renewed = reassignIds(graph, counter());
    const ids = renewed.nodes.map((node) => node.id);
    const all = [
      renewed.id,
      renewed.sub_graphs[0]?.id,
      ...ids,
      renewed.sub_graphs[0]?.nodes[0]?.id,
      ...renewed.links.map((link) => link.id),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((id) => id?.startsWith("new-"))).toBe(true);
    expect(renewed.links.map((link) => [link.source_id, link.source_name, link.sink_id])).toEqual([
      [ids[0], `tools_^_${ids[1]}_~_a`, ids[1]],
      [ids[0], "tools", ids[1]],
    ]);
    expect(renewed.nodes[2]?.input_default.graph_id).toBe(renewed.sub_graphs[0]?.id);
    expect(renewed.nodes[3]?.input_default.graph_id).toBe("published");
    expect(renewed.sub_graphs[0]?.nodes[0]).toMatchObject({
      graph_id: renewed.sub_graphs[0]?.id,
      input_default: { graph_id: renewed.id },
    });
    expect(graph).toEqual(before);
  });

  it("gives a graph without an id one", () => {
    const { id: _, ...bare } = graphOf({});
    expect(reassignIds(bare, counter()).id).toBe("new-1");
  });

  it("renews nodes and links only for a new version", () => {
    const renewed = reassignNodeIds(graph, counter());
    expect(renewed.id).toBe("graph-1");
    expect(renewed.sub_graphs).toBe(graph.sub_graphs);
    expect(renewed.nodes[2]?.input_default.graph_id).toBe("sub-graph");
    expect(renewed.nodes.map((node) => node.id)).toEqual(["new-1", "new-2", "new-3", "new-4"]);
  });
});
