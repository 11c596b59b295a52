/// <reference types="vite/types/importMeta.d.ts" />
import { env as testEnv } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { blockRegistry } from "#blocks/registry.ts";
import type { NodeExecutionView, StartRequest } from "#durable-objects/execution/protocol.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { exportGraph } from "#graph/model/export-graph.ts";
import type { GraphFile, GraphLink, GraphNode } from "#graph/model/graph-file.ts";
import { importGraph } from "#graph/model/import-graph.ts";
import { compilePlan } from "#graph/plan/compile-plan.ts";
import { computeInputSchema, computeOutputSchema } from "#graph/schema/compute-schemas.ts";
import { checkRunInputs } from "#graph/validation/check-inputs.ts";
import { validateGraph } from "#graph/validation/validate-graph.ts";
import { executionStub } from "#worker/env.ts";
import type { Env, ExecutionStub } from "#worker/env.ts";
import type { ExampleCase, ExampleCases } from "./example-cases.ts";

const env = testEnv as unknown as Env;
const { catalog } = blockRegistry;
const WAIT_MS = 25_000;

const files = byName(import.meta.glob<JsonObject>("../../examples/*.json", { eager: true, import: "default" }));
const cases = byName(import.meta.glob<ExampleCases>("./example-cases/*.json", { eager: true, import: "default" }));
const [readme = ""] = Object.values(
  import.meta.glob<string>("../../examples/README.md", { eager: true, import: "default", query: "?raw" }),
);

function byName<T>(modules: Record<string, T>): Map<string, T> {
  return new Map(Object.entries(modules).map(([path, content]) => [path.replace(/^.*\/|\.json$/g, ""), content]));
}

function graphOf(file: JsonObject): GraphFile {
  const { graph, warnings, missing_blocks: missing } = importGraph(file, catalog);
  expect({ warnings, missing }).toEqual({ warnings: [], missing: [] });
  return graph;
}

async function run(
  graph: GraphFile,
  inputs: JsonObject,
): Promise<{ stub: ExecutionStub; view: Record<string, unknown> }> {
  const checked = checkRunInputs(computeInputSchema(graph, catalog), inputs);
  if (!checked.ok) {
    throw new Error(JSON.stringify(checked.errors));
  }
  const id = crypto.randomUUID();
  const stub = executionStub(env, id);
  const request: StartRequest = {
    execution_id: id,
    workspace_id: "w",
    plan: compilePlan(graph, catalog),
    inputs: checked.inputs,
    source: "test",
  };
  const outcome = await stub.start(request, WAIT_MS);
  if (!outcome.ok) {
    throw new Error(outcome.message);
  }
  const { status, outputs, error } = outcome.value;
  return { stub, view: { status, outputs, error: error?.code } };
}

async function nodeExecutions(stub: ExecutionStub): Promise<NodeExecutionView[]> {
  const all: NodeExecutionView[] = [];
  let cursor: string | null = null;
  do {
    const page = await stub.nodeExecutions("w", cursor, 500);
    if (!page.ok) {
      throw new Error(page.message);
    }
    all.push(...page.value.items);
    cursor = page.value.next_cursor;
  } while (cursor !== null);
  return all;
}

/** What the output nodes among `wanted` show, by output name. */
async function shown(graph: GraphFile, stub: ExecutionStub, wanted: string[]): Promise<Record<string, JsonValue[]>> {
  const executions = await nodeExecutions(stub);
  const nodes = outputNodes(graph).filter(({ input_default: { name } }) => wanted.includes(String(name)));
  return Object.fromEntries(
    nodes.map(({ id, input_default: { name } }) => [
      String(name),
      executions.filter(({ node_id }) => node_id === id).flatMap(({ output }) => output["output"] ?? []),
    ]),
  );
}

function outputNodes(graph: GraphFile): GraphNode[] {
  return graph.nodes.filter(({ block_id }) => catalog.get(block_id)?.ui_type === "Output");
}

describe.each([...files])("examples/%s.json", (name, file) => {
  const graph = graphOf(file);
  const own: ExampleCase[] = cases.get(name)?.cases ?? [];

  it("is valid for a run", () => {
    expect(validateGraph(graph, catalog, { forRun: true })).toEqual({
      ok: true,
      errors: [],
      warnings: [],
      node_errors: {},
    });
  });

  it("survives import, export and import", () => {
    const exported = exportGraph(graph, catalog);
    expect(exported).toMatchObject({ user_id: "", name: graph.name, sub_graphs: [] });
    expect(importGraph(JSON.parse(JSON.stringify(exported)), catalog)).toEqual({
      graph,
      warnings: [],
      missing_blocks: [],
    });
  });

  it("says what it is, what it takes and what it gives", () => {
    expect(graph.description.length).toBeGreaterThan(40);
    for (const schema of [computeInputSchema(graph, catalog), computeOutputSchema(graph, catalog)]) {
      for (const property of Object.values(schema.properties ?? {})) {
        expect(property).toMatchObject({
          title: expect.stringMatching(/\S/),
          description: expect.stringMatching(/\S{2}/),
        });
      }
    }
  });

  it("is drawn from left to right, with room around every node", () => {
    expect(crowded(graph)).toEqual([]);
    const cycles = new Set(graph.links.filter((link) => reaches(graph, link.sink_id, link.source_id)));
    expect(
      graph.links.filter((link) => !cycles.has(link) && column(graph, link.sink_id) <= column(graph, link.source_id)),
    ).toEqual([]);
  });

  it.each(own.map((each) => [each.name, each] as const))("%s", async (_name, { inputs, outputs, ...wanted }) => {
    const { stub, view } = await run(graph, inputs);
    expect(view).toEqual({ status: wanted.status ?? "COMPLETED", error: wanted.error_code, outputs });
    if (wanted.shown !== undefined) {
      expect(await shown(graph, stub, Object.keys(wanted.shown))).toEqual(wanted.shown);
    }
  });

  it("has every output in some case", () => {
    const given = new Set(own.flatMap(({ outputs }) => Object.keys(outputs)));
    expect(
      outputNodes(graph)
        .map(({ input_default }) => input_default["name"])
        .filter((output) => !given.has(String(output))),
    ).toEqual([]);
  });
});

/** Pairs of nodes less than 300 apart both ways. */
function crowded({ nodes }: GraphFile): [string, string][] {
  const at = nodes.map(({ id, metadata }) => ({ id, ...(metadata.position ?? { x: Number.NaN, y: Number.NaN }) }));
  return at.flatMap((a, index) =>
    at.slice(index + 1).flatMap((b): [string, string][] => {
      return Math.abs(a.x - b.x) >= 300 || Math.abs(a.y - b.y) >= 300 ? [] : [[a.id, b.id]];
    }),
  );
}

function column(graph: GraphFile, id: string): number {
  return graph.nodes.find((node) => node.id === id)?.metadata.position?.x ?? Number.NaN;
}

/** Whether there is a way along links from one node to another; every node reaches itself. */
function reaches({ links }: { links: GraphLink[] }, from: string, to: string): boolean {
  const found = new Set([from]);
  for (const id of found) {
    for (const link of links) {
      if (link.source_id === id) {
        found.add(link.sink_id);
      }
    }
  }
  return found.has(to);
}

function inOrder(names: Iterable<string>): string[] {
  return [...names].toSorted((a, b) => a.localeCompare(b));
}

describe("the examples together", () => {
  const graphs = [...files.values()].map(graphOf);
  const links = graphs.flatMap((graph) => graph.links);
  const blocks = new Set(graphs.flatMap(({ nodes }) => nodes.map(({ block_id }) => catalog.get(block_id)?.name)));

  it("are listed with their inputs in README.md, and nothing else is", () => {
    const sections = [...readme.matchAll(/^### ([\w-]+)\.json\n([\s\S]*?)(?=^#|(?![\s\S]))/gm)];
    expect(inOrder(sections.map(([, name = ""]) => name))).toEqual(inOrder(files.keys()));
    for (const [, name = "", text = ""] of sections) {
      const { properties = {} } = computeInputSchema(graphOf(files.get(name) ?? {}), catalog);
      const listed = [...text.matchAll(/^- `(\w+)`/gm)].map(([, input]) => input);
      expect([name, listed]).toEqual([name, Object.keys(properties)]);
      expect(text).toContain(`npm run weft -- run examples/${name}.json`);
    }
  });

  it("have case files, and no case file is left over", () => {
    expect(inOrder(cases.keys())).toEqual(inOrder(files.keys()));
  });

  it("show loops, static links, dynamic pins at both ends, and handled errors", () => {
    expect(
      graphs.filter((graph) => graph.links.some((link) => reaches(graph, link.sink_id, link.source_id))).length,
    ).toBeGreaterThan(3);
    expect(links.some(({ is_static }) => is_static)).toBe(true);
    for (const selector of ["_#_", "_$_"]) {
      expect(links.some(({ source_name }) => source_name.includes(selector))).toBe(true);
      expect(links.some(({ sink_name }) => sink_name.includes(selector))).toBe(true);
    }
    expect(links.some(({ source_name }) => source_name === "error")).toBe(true);
    expect([...blocks]).toEqual(
      expect.arrayContaining([
        "NoteBlock",
        "AgentNumberInputBlock",
        "AgentDropdownInputBlock",
        "AgentToggleInputBlock",
        "AgentDateInputBlock",
        "AgentTableInputBlock",
        "AITextGeneratorBlock",
        "AIStructuredResponseGeneratorBlock",
        "SendWebRequestBlock",
        "ReadRSSFeedBlock",
      ]),
    );
  });
});
