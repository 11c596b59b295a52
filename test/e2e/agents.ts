import type { JsonObject, JsonValue } from "#graph/json.ts";
import { agentFile } from "../agent-file.ts";
import type { Shape, ShapeNode } from "../agent-file.ts";

/** An agent file and what a run of it must come to. */
export interface TestAgent {
  name: string;
  file: JsonObject;
  inputs(run: number): JsonObject;
  outputs(run: number): Record<string, JsonValue[]>;
  /** Branches that run side by side reach an output in any order. */
  anyOrder?: boolean;
  /** How often each node must have run, by its id. */
  executions: Record<string, number>;
}

const CHAIN = 12;

/** Twelve pure steps after each other. */
export const chain: TestAgent = {
  name: "chain",
  file: agentFile("Chain", "", {
    nodes: {
      in: ["input", { name: "start" }],
      ...Object.fromEntries(
        Array.from({ length: CHAIN }, (_, step) => [
          `step-${step}`,
          ["calculator", { operation: "Add", b: 1 }] satisfies ShapeNode,
        ]),
      ),
      out: ["output", { name: "sum" }],
    },
    links: [
      ["in.result", "step-0.a"],
      ...Array.from({ length: CHAIN - 1 }, (_, step): Shape["links"][number] => [
        `step-${step}.result`,
        `step-${step + 1}.a`,
      ]),
      [`step-${CHAIN - 1}.result`, "out.value"],
    ],
  }),
  inputs: (run) => ({ start: run }),
  outputs: (run) => ({ sum: [run + CHAIN] }),
  executions: { in: 1, ...Object.fromEntries(Array.from({ length: CHAIN }, (_, step) => [`step-${step}`, 1])), out: 1 },
};

const ITEMS = [1, 2, 3, 4, 5, 6, 7, 8];

/** One list, its items each on their own through two steps, with a factor by a static link. */
export const fanOut: TestAgent = {
  name: "fan out",
  file: agentFile("Fan out", "", {
    nodes: {
      list: ["input", { name: "items" }],
      number: ["input", { name: "factor" }],
      factor: ["store", {}],
      each: ["steps", {}],
      times: ["calculator", { operation: "Multiply" }],
      out: ["output", { name: "products" }],
    },
    links: [
      ["list.result", "each.items"],
      ["number.result", "factor.input"],
      ["each.item", "times.a"],
      ["factor.output", "times.b", true],
      ["times.result", "out.value"],
    ],
  }),
  inputs: (run) => ({ items: ITEMS, factor: run + 2 }),
  outputs: (run) => ({ products: ITEMS.map((item) => item * (run + 2)) }),
  anyOrder: true,
  executions: { list: 1, number: 1, factor: 1, each: 1, times: ITEMS.length, out: ITEMS.length },
};

/** A wait in the middle, so that a kill finds something that is neither ready nor done. */
export const waiting: TestAgent = {
  name: "waiting",
  file: agentFile("Waiting", "", {
    nodes: {
      in: ["input", { name: "word" }],
      wait: ["timer", { seconds: 1 }],
      text: ["template", { format: "waited for {{ word }}", values: {} }],
      out: ["output", { name: "text" }],
    },
    links: [
      ["in.result", "wait.input_message"],
      ["wait.output_message", "text.values_#_word"],
      ["text.output", "out.value"],
    ],
  }),
  inputs: (run) => ({ word: `run ${run}` }),
  outputs: (run) => ({ text: [`waited for run ${run}`] }),
  executions: { in: 1, wait: 1, text: 1, out: 1 },
};

/** Effectful steps around a wait. */
export const steps: TestAgent = {
  name: "steps",
  file: agentFile("Steps", "", {
    nodes: {
      in: ["input", { name: "word" }],
      first: ["print", {}],
      wait: ["timer", { seconds: 1 }],
      second: ["print", {}],
      out: ["output", { name: "said" }],
    },
    links: [
      ["in.result", "first.text"],
      ["first.output", "wait.input_message"],
      ["wait.output_message", "second.text"],
      ["second.output", "out.value"],
    ],
  }),
  inputs: (run) => ({ word: `run ${run}` }),
  outputs: (run) => ({ said: [`run ${run}`] }),
  executions: { in: 1, first: 1, wait: 1, second: 1, out: 1 },
};

const failing: Shape = {
  nodes: {
    in: ["input", { name: "count" }],
    bad: ["template", { format: "{% if %}", values: {} }],
    good: ["calculator", { operation: "Multiply", b: 10 }],
    out: ["output", { name: "product" }],
  },
  links: [
    ["in.result", "bad.values_#_count"],
    ["in.result", "good.a"],
    ["good.result", "out.value"],
  ],
};

/** A failure that nothing handles, beside a branch that goes well. Not one of the agents that complete. */
export const unhandledFailure = { file: agentFile("Unhandled failure", "", failing) };

/** The same failure, handled by its error pin. */
export const handledFailure: TestAgent = {
  name: "handled failure",
  file: agentFile("Handled failure", "", {
    nodes: {
      ...failing.nodes,
      text: ["template", { format: "{{ 'yes' if reason else 'no' }}", values: {} }],
      failed: ["output", { name: "failed" }],
    },
    links: [...failing.links, ["bad.error", "text.values_#_reason"], ["text.output", "failed.value"]],
  }),
  inputs: (run) => ({ count: run }),
  outputs: (run) => ({ failed: ["yes"], product: [run * 10] }),
  executions: { in: 1, bad: 1, good: 1, text: 1, failed: 1, out: 1 },
};

/** Counts up to a bound in a cycle. */
export const loop: TestAgent = {
  name: "loop",
  file: agentFile("Loop", "", {
    nodes: {
      in: ["input", { name: "from" }],
      add: ["calculator", { operation: "Add", b: 1 }],
      enough: ["condition", { operator: ">=", value2: 10 }],
      out: ["output", { name: "reached" }],
    },
    links: [
      ["in.result", "add.a"],
      ["add.result", "enough.value1"],
      ["add.result", "enough.no_value"],
      ["enough.no_output", "add.a"],
      ["enough.yes_output", "out.value"],
    ],
  }),
  inputs: (run) => ({ from: run % 3 }),
  outputs: () => ({ reached: [10] }),
  executions: {},
};

const CHILD = "5a1f6c52-9f0e-4b7d-8a5c-3c7d2f1e0b9a";

/** What `nested` runs. Its runs are begun by their parents. */
export const child: TestAgent = {
  name: "child",
  file: agentFile("Child", "", {
    nodes: {
      in: ["input", { name: "word" }],
      first: ["print", {}],
      wait: ["timer", { seconds: 1 }],
      out: ["output", { name: "said" }],
    },
    links: [
      ["in.result", "first.text"],
      ["first.output", "wait.input_message"],
      ["wait.output_message", "out.value"],
    ],
  }),
  inputs: (run) => ({ word: `run ${run}` }),
  outputs: (run) => ({ said: [`run ${run}`] }),
  executions: { in: 1, first: 1, wait: 1, out: 1 },
};

/** Runs another agent, whose file is in its own, and says on what it gives. */
export const nested: TestAgent = {
  name: "nested",
  file: {
    ...agentFile("Nested", "", {
      nodes: {
        in: ["input", { name: "word" }],
        agent: [
          "agent",
          {
            graph_id: CHILD,
            graph_version: 1,
            inputs: {},
            input_schema: { type: "object", properties: { word: {} }, required: [] },
            output_schema: { type: "object", properties: { said: {} }, required: [] },
          },
        ],
        after: ["print", {}],
        out: ["output", { name: "told" }],
      },
      links: [
        ["in.result", "agent.word"],
        ["agent.said", "after.text"],
        ["after.output", "out.value"],
      ],
    }),
    sub_graphs: [{ ...child.file, id: CHILD, version: 1 }],
  },
  inputs: (run) => ({ word: `run ${run}` }),
  outputs: (run) => ({ told: [`run ${run}`] }),
  executions: { in: 1, agent: 1, after: 1, out: 1 },
};

/** Runs of one group go one after the other; the others of it are held. Test runs of the same ten are of one group. */
export const limited: TestAgent = {
  name: "limited",
  file: agentFile("Limited", "", {
    nodes: {
      word: ["input", { name: "word" }],
      group: ["input", { name: "group" }],
      first: ["print", {}],
      second: ["print", {}],
      out: ["output", { name: "said" }],
    },
    links: [
      ["word.result", "first.text"],
      ["first.output", "second.text"],
      ["second.output", "out.value"],
    ],
    weft: { flow: { concurrency: { limit: 1, key: "inputs.group" } } },
  }),
  inputs: (run) => ({ word: `run ${run}`, group: Math.floor(run / 10) }),
  outputs: (run) => ({ said: [`run ${run}`] }),
  executions: { word: 1, group: 1, first: 1, second: 1, out: 1 },
};

/** Asks a person before a step; whoever tests must approve with `reviewedAs`. */
export const reviewed: TestAgent = {
  name: "reviewed",
  file: agentFile("Reviewed", "", {
    nodes: {
      in: ["input", { name: "word" }],
      ask: ["review", { name: "Say this?" }],
      say: ["print", {}],
      out: ["output", { name: "said" }],
    },
    links: [
      ["in.result", "ask.data"],
      ["ask.approved_data", "say.text"],
      ["say.output", "out.value"],
    ],
  }),
  inputs: (run) => ({ word: `run ${run}` }),
  outputs: (run) => ({ said: [reviewedAs(run)] }),
  executions: { in: 1, ask: 1, say: 1, out: 1 },
};

/** What a person makes of the word of a run of `reviewed`. */
export function reviewedAs(run: number): string {
  return `run ${run}, as edited`;
}

/** Those that need nobody to run. */
export const testAgents: TestAgent[] = [chain, fanOut, waiting, handledFailure, loop, nested];

/** Asks a model once. Not one of the agents whose outputs are foretold: that is the model's business. */
export const asking = {
  file: agentFile("Asking", "", {
    nodes: {
      prompt: ["input", { name: "prompt" }],
      ask: ["ask", { model: "gpt-4o" }],
      answer: ["output", { name: "answer" }],
    },
    links: [
      ["prompt.result", "ask.prompt"],
      ["ask.response", "answer.value"],
    ],
  }),
};
