import { describe, expect, it } from "vitest";
import { BLOCK, testCatalog } from "../catalog/test-catalog.testkit.ts";
import type { JsonObject } from "../json.ts";
import { graphOf } from "../model/graph-generators.testkit.ts";
import { compilePlan } from "./compile-plan.ts";
import { graphOfOne } from "./partial-graph.ts";
import type { PlanNode } from "./plan.ts";

function planned(input: JsonObject, links: string[] = []): PlanNode | undefined {
  const nodes = { from: { block: BLOCK.storeValue }, ask: { block: BLOCK.webRequest, input } };
  return compilePlan(graphOf(nodes, links), testCatalog).nodes[1];
}

describe("effects that follow from a value of the node", () => {
  it("[LS8] are those of the value that stands in the node", () => {
    const refined = { effects: "idempotent", refined: { pin: "method", otherwise: "once" } };
    expect(planned({ method: "GET" })).toMatchObject(refined);
    expect(planned({ method: "PUT" }, ["from.output -> ask.url"])).toMatchObject(refined);
  });

  it.each<[string, JsonObject, string[]]>([
    ["the value has none of its own", { method: "POST" }, []],
    ["the pin is left to the block's default", {}, []],
    ["the value is null", { method: null }, []],
    ["the value is unknown", { method: "constructor" }, []],
    ["the value is no text", { method: ["GET"] }, []],
    ["a link feeds the pin", { method: "GET" }, ["from.output -> ask.method"]],
    ["a link feeds a part of the pin", { method: "GET" }, ["from.output -> ask.method_#_x"]],
    ["a part of the pin stands in the node too", { method: "GET", "method_#_x": "POST" }, []],
  ])("[LS8] are the block's own when %s", (_, input, links) => {
    const node = planned(input, links);
    expect(node?.effects).toBe("once");
    expect(node).not.toHaveProperty("refined");
  });

  it("[LS8] follow the values that a run of one node is given", () => {
    const graph = graphOf({ ask: { block: BLOCK.webRequest, input: { method: "GET" } } });
    const effects = (inputs: JsonObject): unknown =>
      compilePlan(graphOfOne(graph, "ask", inputs), testCatalog).nodes[0]?.effects;
    expect([effects({}), effects({ method: "POST" })]).toEqual(["idempotent", "once"]);
  });
});
