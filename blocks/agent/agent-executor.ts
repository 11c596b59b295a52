import * as z from "zod";
import { defineBlock, Suspension } from "#blocks/define-block.ts";
import { anyValue, dictionary } from "#blocks/pin-types.ts";
import { AGENT_EXECUTOR_BLOCK_ID } from "#graph/model/agent-node.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";

const OWN_PINS = new Set([
  "user_id",
  "graph_id",
  "graph_version",
  "agent_name",
  "inputs",
  "input_schema",
  "output_schema",
  "nodes_input_masks",
]);

/**
 * Runs another agent (autogpt.md §4.9): its inputs are the pins named after them, lying over `inputs`. The block only asks for the run; the child's
 * outputs become the node's outputs while it runs, and its end ends the node, both by the engine (rules CH1 to CH5).
 */
export default defineBlock({
  id: AGENT_EXECUTOR_BLOCK_ID,
  name: "AgentExecutorBlock",
  description: "Runs another agent with the given inputs and passes on its outputs as they come.",
  categories: ["AGENT"],
  uiType: "Agent",
  effects: "idempotent",
  waits: true,
  input: z.looseObject({
    user_id: z.string().default("").meta({ description: "Of AutoGPT; not used.", hidden: true }),
    graph_id: z.string().min(1).meta({ description: "The agent to run." }),
    graph_version: z.int().min(1).meta({ description: "Its version." }),
    agent_name: z.string().nullable().default(null).meta({ description: "Its name, for people.", hidden: true }),
    inputs: dictionary().default({}).meta({ description: "Inputs of the agent by name; pins of the same names win." }),
    input_schema: dictionary()
      .default({})
      .meta({ description: "Inputs that the agent takes, as JSON Schema.", hidden: true }),
    output_schema: dictionary()
      .default({})
      .meta({ description: "Outputs that the agent gives, as JSON Schema.", hidden: true }),
    nodes_input_masks: anyValue().default(null).meta({ description: "Of AutoGPT; not used.", hidden: true }),
  }),
  output: z.object({}),
  examples: [
    {
      name: "asks for a run with the inputs of its pins",
      input: { graph_id: "g", graph_version: 2, inputs: { a: 1, b: 1 }, b: 2 },
      waits: [{ kind: "child", payload: { graph_id: "g", graph_version: 2, inputs: { a: 1, b: 2 } } }],
      expect: [],
    },
    { name: "needs an agent", input: { graph_version: 1 }, expectError: "graph_id" },
  ],
  // oxlint-disable-next-line require-yield -- the engine yields for this block: the outputs are the child run's
  async *run({ input, ctx }) {
    if (ctx.resume !== null) {
      return;
    }
    const inputs: JsonObject = { ...(input.inputs as JsonObject) };
    for (const [name, value] of Object.entries(input)) {
      if (!OWN_PINS.has(name)) {
        Object.defineProperty(inputs, name, {
          value: value as JsonValue,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
    }
    const payload = { graph_id: input.graph_id, graph_version: input.graph_version, inputs };
    throw new Suspension({ kind: "child", until: null, state: null, payload });
  },
});
