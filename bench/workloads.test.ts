import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blockRegistry } from "#blocks/registry.ts";
import { importGraph } from "#graph/model/import-graph.ts";
import { compilePlan } from "#graph/plan/compile-plan.ts";
import { validateGraph } from "#graph/validation/validate-graph.ts";
import { weftSpec, PLACEHOLDERS } from "./peers/targets.ts";
import { ALL_WORKLOADS, ECHO_PORT, WORKLOADS, workloadFile, workloadText } from "./workloads.ts";

const folder = join(import.meta.dirname, "workloads");

describe("workloads", () => {
  it("are all there and nothing else is", () => {
    expect(readdirSync(folder).toSorted()).toEqual(ALL_WORKLOADS.map(({ id }) => `${id}.json`).toSorted());
  });

  it.each(ALL_WORKLOADS)("$id is the file that its shape gives, and can run", (workload) => {
    expect(readFileSync(join(folder, `${workload.id}.json`), "utf8")).toBe(workloadText(workload));
    const { graph } = importGraph(workloadFile(workload.id), blockRegistry.catalog);
    expect(validateGraph(graph, blockRegistry.catalog, { forRun: true })).toMatchObject({
      ok: true,
      errors: [],
      node_errors: {},
    });
    const plan = compilePlan(graph, blockRegistry.catalog);
    const inputs = plan.nodes
      .filter(({ ui_type }) => ui_type === "Input")
      .map(({ input_default }) => input_default.name);
    expect(Object.keys(workload.inputs)).toEqual(inputs);
  });

  it("call the echo server on the port that is asked for", () => {
    const text = JSON.stringify([workloadFile("w5-io20", 4_711), workloadFile("w5n-io20nodes", 4_711)]);
    expect(text).toContain("http://127.0.0.1:4711/?i=");
    expect(text).not.toContain(String(ECHO_PORT));
  });
});

describe("the spec for the peers' rig", () => {
  it("is the committed one, with placeholders for what an installation knows", () => {
    const committed = JSON.parse(readFileSync(join(import.meta.dirname, "peers-targets.json"), "utf8")) as object;
    expect(committed).toMatchObject(weftSpec(PLACEHOLDERS));
  });

  it("has a target for each workload, with the answer's outputs in full", () => {
    const { targets } = weftSpec({ root: "/w", url: "http://127.0.0.1:1", apiKey: "k", graphIds: { "w1-hello": "g" } });
    expect(targets.map(({ workload }) => workload)).toEqual(WORKLOADS.map(({ id }) => id));
    expect(targets[0]).toMatchObject({
      url: "http://127.0.0.1:1/api/v1/executions",
      headers: { authorization: "Bearer k" },
      body: { graph_id: "g", inputs: { name: "Ada" }, wait_seconds: 60 },
      expect: { status: 200, json: { status: "COMPLETED", outputs: { hello: ["Hello Ada"] } } },
    });
  });
});
