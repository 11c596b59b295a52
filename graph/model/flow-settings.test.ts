import { describe, expect, it } from "vitest";
import { BLOCK, testCatalog } from "../catalog/test-catalog.testkit.ts";
import { validateGraph } from "../validation/validate-graph.ts";
import { flowKeyInput, flowSettingsSchema, restrictsStarts } from "./flow-settings.ts";
import { graphOf } from "./graph-generators.testkit.ts";
import { importGraph } from "./import-graph.ts";

const file = (flow: unknown): Record<string, unknown> => ({
  name: "A",
  nodes: [],
  links: [],
  metadata: { weft: { flow } },
});

describe("flow settings", () => {
  it("are kept as they are written", () => {
    const flow = {
      concurrency: { limit: 5, key: "inputs.customer_id" },
      throttle: { limit: 10, period_seconds: 60, key: "inputs.customer_id" },
      debounce: { seconds: 5, max_seconds: 60, key: "inputs.Customer Id" },
      singleton: { mode: "skip" },
      priority: "high",
    };
    expect(importGraph(file(flow), testCatalog).graph.metadata?.weft?.flow).toEqual(flow);
  });

  it.each([
    [{ concurrency: { limit: 0 } }, "metadata.weft.flow.concurrency.limit"],
    [{ throttle: { limit: 1 } }, "metadata.weft.flow.throttle.period_seconds"],
    [{ throttle: { limit: 1, period_seconds: 1, key: "customer_id" } }, "metadata.weft.flow.throttle.key"],
    [{ debounce: { seconds: 5, max_seconds: 4 } }, "metadata.weft.flow.debounce"],
    [{ singleton: { mode: "cancel" } }, "metadata.weft.flow.singleton.mode"],
    [{ concurrency: { limit: 1, key: "customer_id" } }, "metadata.weft.flow.concurrency.key"],
    [{ concurency: { limit: 1 } }, "metadata.weft.flow"],
    [{ priority: 7 }, "metadata.weft.flow.priority"],
  ])("%j is refused on import, with the place", (flow, path) => {
    expect(() => importGraph(file(flow), testCatalog)).toThrow(
      expect.objectContaining({ code: "invalid_graph", details: [expect.objectContaining({ path })] }),
    );
  });

  it.each([
    ["inputs.customer_id", "customer_id"],
    ["inputs.a.b", "a.b"],
    ["inputs.", undefined],
    ["inputs. x", undefined],
    ["inputs.__proto__", undefined],
    ["input.x", undefined],
    ["{{ inputs.x }}", undefined],
  ])("the key %j names the input %j", (key, input) => {
    expect(flowKeyInput(key)).toBe(input);
  });

  it("a key must name an input that the agent has", () => {
    const graph = graphOf({ in: { block: BLOCK.input, input: { name: "customer_id" } } });
    const check = (key: string): unknown =>
      validateGraph({ ...graph, metadata: { weft: { flow: { singleton: { mode: "skip", key } } } } }, testCatalog, {
        forRun: false,
      }).errors;
    expect(check("inputs.customer_id")).toEqual([]);
    expect(check("inputs.customer")).toEqual([
      {
        code: "unknown_flow_input",
        message:
          'metadata.weft.flow.singleton.key is "inputs.customer", but the agent has no such input (it has: customer_id).',
      },
    ]);
  });

  it("restrict starts, but for the priority", () => {
    expect(restrictsStarts(undefined)).toBe(false);
    expect(restrictsStarts(flowSettingsSchema.parse({ priority: "low" }))).toBe(false);
    expect(restrictsStarts(flowSettingsSchema.parse({ throttle: { limit: 1, period_seconds: 1 } }))).toBe(true);
  });
});
