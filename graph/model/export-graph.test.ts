import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK, testCatalog } from "../catalog/test-catalog.testkit.ts";
import type { JsonObject } from "../json.ts";
import { findNonJson } from "../json-value.ts";
import { exportGraph } from "./export-graph.ts";
import { anyGraphJson, graphOf, SEED } from "./graph-generators.testkit.ts";
import { importGraph } from "./import-graph.ts";

describe("exportGraph", () => {
  it("strips credentials, secrets, webhooks and owners", () => {
    const graph = graphOf({
      llm: {
        block: BLOCK.textGenerator,
        input: {
          prompt: "p",
          credentials: { id: "c" },
          api_secret: "s3cret",
          "api_secret_#_x": "s3cret",
          my_credentials: "s3cret",
        },
      },
      agent: { block: BLOCK.agent, input: { user_id: "owner-1", graph_id: "g" } },
      gone: { block: "not-installed", input: { credentials: { id: "c" }, keep: 1 } },
    });
    const owned = {
      ...graph,
      user_id: "owner-1",
      organization_id: "owner-1",
      nodes: graph.nodes.map((node) => ({ ...node, webhook_id: "hook-1", webhook: { secret: "s3cret" } })),
    };
    const exported = exportGraph(owned, testCatalog);
    const text = JSON.stringify(exported);
    expect(text).not.toContain("s3cret");
    expect(text).not.toContain("owner-1");
    expect(text).not.toContain("hook-1");
    const [llm, agent, gone] = exported.nodes as JsonObject[];
    expect(llm?.input_default).toEqual({ prompt: "p" });
    expect(agent?.input_default).toEqual({ user_id: "", graph_id: "g" });
    expect(gone?.input_default).toEqual({ keep: 1 });
    expect(llm?.webhook_id).toBeNull();
    expect(exported.user_id).toBe("");
  });

  it("adds the computed parts and copies of the links", () => {
    const graph = graphOf(
      {
        in: { block: BLOCK.input, input: { name: "topic" } },
        hook: { block: BLOCK.webhook },
        review: { block: BLOCK.humanInTheLoop, input: { name: "n" } },
        mail: { block: BLOCK.sendEmail },
        out: { block: BLOCK.output, input: { name: "result" } },
      },
      ["in.result -> out.value", "hook.payload -> review.data"],
    );
    const exported = exportGraph(graph, testCatalog);
    expect(exported).toMatchObject({
      has_external_trigger: true,
      has_human_in_the_loop: true,
      has_sensitive_action: true,
      trigger_setup_info: null,
      input_schema: { type: "object", required: ["topic"] },
      output_schema: { properties: { result: { title: "result" } } },
      credentials_input_schema: { type: "object", properties: {} },
      sub_graphs: [],
    });
    const [input, , , , output] = exported.nodes as JsonObject[];
    expect(input?.output_links).toEqual([graph.links[0]]);
    expect(input?.input_links).toEqual([]);
    expect(output?.input_links).toEqual([graph.links[0]]);
  });

  it("gives sub-graphs all but the parts that only the main graph has", () => {
    const exported = exportGraph(
      graphOf({}, [], { sub_graphs: [{ id: "s", name: "Sub", nodes: [], links: [], user_id: "u" }] }),
      testCatalog,
    );
    const [sub] = exported.sub_graphs as JsonObject[];
    expect(sub).toMatchObject({ id: "s", input_schema: { type: "object" }, has_external_trigger: false });
    for (const key of ["user_id", "sub_graphs", "credentials_input_schema"]) {
      expect(sub).not.toHaveProperty(key);
    }
  });

  it("does not change the graph", () => {
    const graph = graphOf({ a: { block: BLOCK.textGenerator, input: { credentials: 1 } } });
    const before = structuredClone(graph);
    exportGraph(graph, testCatalog);
    expect(graph).toEqual(before);
  });

  it("loses nothing on the way import → export → import", () => {
    fc.assert(
      fc.property(anyGraphJson, fc.array(anyGraphJson, { maxLength: 2 }), (main, subGraphs) => {
        const first = importGraph({ ...main, sub_graphs: subGraphs }, testCatalog).graph;
        const exported = exportGraph(first, testCatalog);
        expect(findNonJson(exported)).toBeUndefined();
        const second = importGraph(JSON.parse(JSON.stringify(exported)), testCatalog).graph;
        expect(JSON.parse(JSON.stringify(second))).toEqual(JSON.parse(JSON.stringify(first)));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
