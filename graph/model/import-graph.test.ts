import { describe, expect, it } from "vitest";
import { BLOCK, testCatalog } from "../catalog/test-catalog.testkit.ts";
import { GraphError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { importGraph } from "./import-graph.ts";

const node = (id: string, block_id: string, more: JsonObject = {}): JsonObject => ({ id, block_id, ...more });
const link = (id: string, source: string, sink: string, more: JsonObject = {}): JsonObject => {
  const [source_id = "", source_name = ""] = source.split(".");
  const [sink_id = "", sink_name = ""] = sink.split(".");
  return { id, source_id, source_name, sink_id, sink_name, ...more };
};
const file = (more: JsonObject = {}): JsonObject => ({ name: "Agent", nodes: [], links: [], ...more });

function refusal(json: unknown): GraphError {
  try {
    importGraph(json, testCatalog);
  } catch (error) {
    if (error instanceof GraphError) {
      return error;
    }
    throw error;
  }
  throw new Error("was imported");
}

describe("importGraph", () => {
  it("reads the oldest form: no is_static, no sub_graphs, no metadata, no defaults", () => {
    const { graph, warnings, missing_blocks } = importGraph(
      {
        name: "Old",
        description: "",
        is_template: true,
        nodes: [node("a", BLOCK.input, { webhook: null }), node("b", BLOCK.output, { input_default: { name: "out" } })],
        links: [link("l", "a.result", "b.value")],
      },
      testCatalog,
    );
    expect(graph).toMatchObject({ version: 1, is_active: true, description: "", is_template: true, sub_graphs: [] });
    expect(graph.nodes[0]).toEqual({ id: "a", block_id: BLOCK.input, input_default: {}, metadata: {} });
    expect(graph.links[0]?.is_static).toBe(true);
    expect(warnings).toEqual([]);
    expect(missing_blocks).toEqual([]);
  });

  it("drops what an export derives, owners included, and keeps unknown keys", () => {
    const copy = link("l", "a.output", "a.input");
    const { graph } = importGraph(
      file({
        user_id: "someone",
        organization_id: "o",
        team_id: "t",
        created_at: "2026-01-01T00:00:00Z",
        input_schema: { type: "object" },
        output_schema: {},
        credentials_input_schema: {},
        has_external_trigger: false,
        has_human_in_the_loop: false,
        has_sensitive_action: false,
        trigger_setup_info: null,
        future_key: { a: [1] },
        nodes: [
          node("a", BLOCK.storeValue, {
            input_links: [copy],
            output_links: [copy],
            graph_id: "g",
            graph_version: 3,
            webhook_id: null,
            metadata: { position: { x: 1, y: 2, z: 3 }, credentials_optional: true, future: 1 },
          }),
        ],
        links: [{ ...copy, future: true }],
      }),
      testCatalog,
    );
    expect(Object.keys(graph).sort()).toEqual(
      [
        "created_at",
        "description",
        "future_key",
        "is_active",
        "links",
        "name",
        "nodes",
        "sub_graphs",
        "version",
      ].sort(),
    );
    expect(graph.nodes[0]).toEqual({
      id: "a",
      block_id: BLOCK.storeValue,
      input_default: {},
      graph_id: "g",
      graph_version: 3,
      metadata: { position: { x: 1, y: 2, z: 3 }, credentials_optional: true, future: 1 },
    });
    expect(graph.links[0]).toMatchObject({ future: true });
  });

  it("takes nulls where AutoGPT writes them", () => {
    const { graph } = importGraph(
      file({
        id: null,
        version: null,
        description: null,
        instructions: null,
        recommended_schedule_cron: null,
        forked_from_id: null,
        forked_from_version: null,
        sub_graphs: null,
        nodes: [node("a", BLOCK.note, { input_default: null, metadata: { position: null, customized_name: null } })],
        links: [link("l", "a.output", "a.text", { is_static: null })],
      }),
      testCatalog,
    );
    expect(graph).toMatchObject({ version: 1, description: "", instructions: null, forked_from_id: null });
    expect(graph.nodes[0]?.metadata).toEqual({ customized_name: null });
    expect(graph.links[0]?.is_static).toBe(false);
  });

  it("maps all thirteen old block ids and says so", () => {
    const old = [
      ["a1b2c3d4-5e6f-7g8h-9i0j-k1l2m3n4o5p6", "436c3984-57fd-4b85-8e9a-459b356883bd"],
      ["b2g2c3d4-5e6f-7g8h-9i0j-k1l2m3n4o5p6", "0e50422c-6dee-4145-83d6-3a5a392f65de"],
      ["c3d4e5f6-7g8h-9i0j-1k2l-m3n4o5p6q7r8", "a0a69be1-4528-491c-a85a-a4ab6873e3f0"],
      ["c3d4e5f6-g7h8-i9j0-k1l2-m3n4o5p6q7r8", "32a87eab-381e-4dd4-bdb8-4c47151be35a"],
      ["b2c3d4e5-6f7g-8h9i-0j1k-l2m3n4o5p6q7", "87840993-2053-44b7-8da4-187ad4ee518c"],
      ["h1i2j3k4-5l6m-7n8o-9p0q-r1s2t3u4v5w6", "d0822ab5-9f8a-44a3-8971-531dd0178b6b"],
      ["d3f4g5h6-1i2j-3k4l-5m6n-7o8p9q0r1s2t", "df06086a-d5ac-4abb-9996-2ad0acb2eff7"],
      ["h5e7f8g9-1b2c-3d4e-5f6g-7h8i9j0k1l2m", "f5b0f5d0-1862-4d61-94be-3ad0fa772760"],
      ["a1234567-89ab-cdef-0123-456789abcdef", "4335878a-394e-4e67-adf2-919877ff49ae"],
      ["f8e7d6c5-b4a3-2c1d-0e9f-8g7h6i5j4k3l", "f66a3543-28d3-4ab5-8945-9b336371e2ce"],
      ["b29c1b50-5d0e-4d9f-8f9d-1b0e6fcbf0h2", "716a67b3-6760-42e7-86dc-18645c6e00fc"],
      ["31d1064e-7446-4693-o7d4-65e5ca9110d1", "cc10ff7b-7753-4ff2-9af6-9399b1a7eddc"],
      ["c6731acb-4105-4zp1-bc9b-03d0036h370g", "5ebe6768-8e5d-41e3-9134-1c7bd89a8d52"],
    ] as const;
    const { graph, warnings } = importGraph(
      file({ nodes: old.map(([id], index) => node(`n${index}`, id)) }),
      testCatalog,
    );
    expect(graph.nodes.map((each) => each.block_id)).toEqual(old.map(([, id]) => id));
    expect(warnings.filter((warning) => warning.code === "legacy_block_id")).toHaveLength(13);
  });

  it("deletes credentials at every level and says how many", () => {
    const { graph, warnings } = importGraph(
      file({
        nodes: [
          node("a", BLOCK.textGenerator, {
            input_default: { prompt: "x", credentials: { id: "1" }, deep: [{ credentials: { id: "2" }, keep: 1 }] },
          }),
        ],
      }),
      testCatalog,
    );
    expect(graph.nodes[0]?.input_default).toEqual({ prompt: "x", deep: [{ keep: 1 }] });
    expect(warnings).toEqual([
      { code: "credentials_removed", message: expect.stringContaining("2 references") as string },
    ]);
  });

  it("forces links from static blocks to be static and leaves the others as they are", () => {
    const { graph } = importGraph(
      file({
        nodes: [node("s", BLOCK.storeValue), node("c", BLOCK.calculator), node("u", "unknown-block")],
        links: [
          link("1", "s.output", "c.a", { is_static: false }),
          link("2", "c.result", "c.b", { is_static: true }),
          link("3", "u.x", "c.b", { is_static: true }),
          link("4", "u.x", "c.b"),
        ],
      }),
      testCatalog,
    );
    expect(graph.links.map((each) => each.is_static)).toEqual([true, true, true, false]);
  });

  it("imports unknown blocks and lists them, those of sub-graphs too", () => {
    const { missing_blocks, warnings } = importGraph(
      file({
        nodes: [node("a", "gone"), node("b", "gone"), node("c", BLOCK.note)],
        sub_graphs: [{ id: "sub", name: "Sub", nodes: [node("d", "gone-too")], links: [] }],
      }),
      testCatalog,
    );
    expect(missing_blocks).toEqual([
      { block_id: "gone", node_ids: ["a", "b"] },
      { block_id: "gone-too", node_ids: ["d"] },
    ]);
    expect(warnings.map((warning) => warning.code)).toEqual(["missing_block", "missing_block"]);
  });

  it("flattens nested sub-graphs, each once", () => {
    const inner: JsonObject = { id: "inner", version: 1, name: "Inner", nodes: [], links: [] };
    const outer: JsonObject = { id: "outer", version: 2, name: "Outer", nodes: [], links: [], sub_graphs: [inner] };
    const { graph, warnings } = importGraph(
      file({ sub_graphs: [outer, inner, { ...inner, name: "Other" }] }),
      testCatalog,
    );
    expect(graph.sub_graphs.map((each) => [each.id, each.name])).toEqual([
      ["outer", "Outer"],
      ["inner", "Inner"],
    ]);
    expect(graph.sub_graphs[0]).not.toHaveProperty("sub_graphs");
    expect(warnings.map((warning) => warning.code)).toEqual(["duplicate_sub_graph"]);
  });

  it("gives links without an id one", () => {
    const { id: _, ...bare } = link("", "a.output", "a.input");
    const { graph, warnings } = importGraph(
      file({ nodes: [node("a", BLOCK.storeValue)], links: [bare, link("link-0", "a.output", "a.input")] }),
      testCatalog,
    );
    expect(new Set(graph.links.map((each) => each.id)).size).toBe(2);
    expect(warnings.map((warning) => warning.code)).toEqual(["link_id_added"]);
  });

  it.each<[string, unknown, string]>([
    ["null", null, ""],
    ["a list", [], ""],
    ["a text", "{}", ""],
    ["no name", { nodes: [], links: [] }, "name"],
    ["nodes of the wrong type", file({ nodes: {} }), "nodes"],
    ["a node that is null", file({ nodes: [null] }), "nodes[0]"],
    ["a node without block", file({ nodes: [{ id: "a" }] }), "nodes[0].block_id"],
    [
      "an input_default that is a list",
      file({ nodes: [node("a", BLOCK.note, { input_default: [] })] }),
      "nodes[0].input_default",
    ],
    [
      "a bad position",
      file({ nodes: [node("a", BLOCK.note, { metadata: { position: { x: "1", y: 2 } } })] }),
      "nodes[0].metadata.position.x",
    ],
    [
      "a bad retry policy",
      file({ nodes: [node("a", BLOCK.note, { metadata: { weft: { retry: { max_attempts: 0 } } } })] }),
      "nodes[0].metadata.weft.retry.max_attempts",
    ],
    ["a version of 0", file({ version: 0 }), "version"],
    ["sub_graphs of the wrong type", file({ sub_graphs: "x" }), "sub_graphs"],
    ["a broken sub-graph", file({ sub_graphs: [{ nodes: [], links: [] }] }), "sub_graphs[0].name"],
    ["two nodes of one id", file({ nodes: [node("a", BLOCK.note), node("a", BLOCK.note)] }), "nodes[1].id"],
    [
      "a dangling link",
      file({ nodes: [node("a", BLOCK.note)], links: [link("l", "a.output", "b.text")] }),
      "links[0].sink_id",
    ],
    [
      "a dangling link in a sub-graph",
      file({ sub_graphs: [{ name: "s", nodes: [], links: [link("l", "a.output", "b.text")] }] }),
      "sub_graphs[0].links[0].source_id",
    ],
    [
      "two links of one id",
      file({ nodes: [node("a", BLOCK.note)], links: [link("l", "a.o", "a.t"), link("l", "a.o", "a.t")] }),
      "links[1].id",
    ],
    ["a value that is no JSON", file({ extra: Number.NaN }), "extra"],
    [
      "a Date",
      file({ nodes: [node("a", BLOCK.note, { when: new Date(0) as unknown as JsonValue })] }),
      "nodes[0].when",
    ],
  ])("refuses %s", (_, json, path) => {
    const error = refusal(json);
    expect(error.code).toBe("invalid_graph");
    expect(error.details[0]?.path).toBe(path);
    expect(error.details[0]?.message).not.toBe("");
  });

  it("lists every dangling end", () => {
    const error = refusal(file({ links: [link("l", "a.x", "b.y"), link("m", "c.x", "d.y")] }));
    expect(error.details.map((detail) => detail.path)).toEqual([
      "links[0].source_id",
      "links[0].sink_id",
      "links[1].source_id",
      "links[1].sink_id",
    ]);
    expect(error.message).toContain("3 more");
  });

  it.each<[string, string]>([
    ["a node id", '{"nodes":[{"id":"__proto__","block_id":"b"}]}'],
    ["a pin of input_default", '{"nodes":[{"id":"a","block_id":"b","input_default":{"__proto__":{"polluted":1}}}]}'],
    ["the base of a dynamic pin", '{"nodes":[{"id":"a","block_id":"b","input_default":{"constructor_#_x":1}}]}'],
    [
      "a source pin",
      '{"nodes":[{"id":"a","block_id":"b"}],"links":[{"id":"l","source_id":"a","sink_id":"a","source_name":"prototype","sink_name":"x"}]}',
    ],
    [
      "a link id",
      '{"nodes":[{"id":"a","block_id":"b"}],"links":[{"id":"constructor","source_id":"a","sink_id":"a","source_name":"x","sink_name":"x"}]}',
    ],
    ["a key of the graph", '{"__proto__":{"polluted":1}}'],
    ["a key of a node", '{"nodes":[{"id":"a","block_id":"b","__proto__":{"polluted":1}}]}'],
    ["a key of the metadata", '{"nodes":[{"id":"a","block_id":"b","metadata":{"__proto__":{"polluted":1}}}]}'],
    ["a pinned pin", '{"nodes":[{"id":"a","block_id":"b","metadata":{"weft":{"pinned":{"__proto__":[1]}}}}]}'],
  ])("refuses __proto__ and its like as %s", (_, text) => {
    const error = refusal({ name: "x", links: [], nodes: [], ...(JSON.parse(text) as object) });
    expect(error.code).toBe("invalid_name");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("keeps __proto__ as a key inside the data of a pin", () => {
    const text = '{"values":{"__proto__":{"polluted":1}},"values_#___proto__":2}';
    const { graph } = importGraph(
      file({ nodes: [node("a", BLOCK.fillTemplate, { input_default: JSON.parse(text) as JsonObject })] }),
      testCatalog,
    );
    expect(JSON.stringify(graph.nodes[0]?.input_default)).toBe(text);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("refuses graphs that are too large before looking at their nodes", () => {
    const nodes = Array.from({ length: 100_000 }, () => ({}));
    expect(refusal(file({ nodes })).code).toBe("graph_too_large");
    expect(refusal(file({ links: Array.from({ length: 50_001 }, () => ({})) })).code).toBe("graph_too_large");
    expect(refusal(file({ sub_graphs: [file({ nodes })] })).code).toBe("graph_too_large");
    expect(refusal(file({ sub_graphs: [file({ sub_graphs: [file({ nodes })] })] })).code).toBe("graph_too_large");
    expect(refusal(file({ sub_graphs: Array.from({ length: 501 }, () => file()) })).code).toBe("graph_too_large");
  });

  it("refuses bottomless nesting without overflowing the stack", () => {
    const deep = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`) as JsonValue;
    expect(refusal(file({ extra: deep })).message).toContain("nested deeper");
  });

  it("takes 10,000 nodes and 50,000 links", () => {
    const nodes = Array.from({ length: 10_000 }, (_, index) => node(`n${index}`, BLOCK.combineTexts));
    const links = Array.from({ length: 50_000 }, (_, index) =>
      link(`l${index}`, `n${index % 10_000}.output`, `n${(index * 7) % 10_000}.input`),
    );
    const { graph } = importGraph(file({ nodes, links }), testCatalog);
    expect([graph.nodes.length, graph.links.length]).toEqual([10_000, 50_000]);
  });
});
