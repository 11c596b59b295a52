import type { JsonObject } from "#graph/json.ts";

/** Blocks that tests and workloads use, by their ids (autogpt.md §6.1; `collect` is Weft's own). */
export const BLOCKS = {
  input: "c0a8e994-ebf1-4a9c-a4d8-89d09c86741b",
  output: "363ae599-353e-4804-937e-b2ee3cef3da4",
  store: "1ff065e9-88e8-4358-9d82-8dc91f622ba9",
  template: "db7d8f02-2f44-4c55-ab7a-eae0941f0c30",
  calculator: "b1ab9b19-67a6-406d-abf5-2dba76d00c79",
  steps: "f66a3543-28d3-4ab5-8945-9b336371e2ce",
  collect: "030c7584-ea30-4a05-9b48-edc88368905f",
  createList: "a912d5c7-6e00-4542-b2a9-8034136930e4",
  countItems: "3c9c2f42-b0c3-435f-ba35-05f7a25c772a",
  listItem: "262ca24c-1025-43cf-a578-534e23234e97",
  condition: "715696a0-e1da-45c8-b209-c2fa9c3b0be6",
  match: "3060088f-6ed9-4928-9ba7-9c92823a7ccd",
  timer: "d67a9c52-5e4e-11e2-bcfd-0800200c9a71",
  print: "f3b1c1b2-4c4f-4f0d-8d2f-4c4f0d8d2f4c",
  webRequest: "6595ae1f-b924-42cb-9a41-551a0611c4b4",
  agent: "e189baac-8c20-45a1-94a7-55177ea42565",
  review: "8b2a7b3c-6e9d-4a5f-8c1b-2e3f4a5b6c7d",
  ask: "1f292d4a-41a4-4977-9684-7c8d560b9f91",
};

export type Pin = `${string}.${string}`;

/** A node in short: its block (one of those, or an id), its values, and its settings in `metadata.weft`. */
export type ShapeNode = [block: keyof typeof BLOCKS | BlockId, input?: JsonObject, weft?: JsonObject];

type BlockId = `${string}-${string}`;

/** A graph in short: nodes by id, links from pin to pin. */
export interface Shape {
  nodes: Record<string, ShapeNode>;
  /** `node.pin`; a node's id has no dot. Static where the third says so. */
  links: [from: Pin, to: Pin, isStatic?: boolean][];
  /** The agent's settings in `metadata.weft`. */
  weft?: JsonObject;
}

const COLUMNS = 10;

/** The agent file of a shape, in AutoGPT's format. */
export function agentFile(name: string, description: string, { nodes, links, weft }: Shape): JsonObject {
  return {
    name,
    description,
    ...(weft === undefined ? {} : { metadata: { weft } }),
    nodes: Object.entries(nodes).map(([id, [block, input = {}, own]], index) => ({
      id,
      block_id: block in BLOCKS ? BLOCKS[block as keyof typeof BLOCKS] : block,
      input_default: input,
      metadata: {
        position: { x: 400 * (index % COLUMNS), y: 400 * Math.floor(index / COLUMNS) },
        ...(own === undefined ? {} : { weft: own }),
      },
    })),
    links: links.map(([from, to, isStatic = false], index) => ({
      id: `link-${index + 1}`,
      ...end("source", from),
      ...end("sink", to),
      is_static: isStatic,
    })),
  };
}

/** A node that runs another agent, which takes an input and gives an output of these names. */
export function runningAgent(
  { id, version }: { id: string; version: number },
  pins: { takes: string; gives: string },
  inputs: JsonObject = {},
): ShapeNode {
  const schema = (name: string): JsonObject => ({ type: "object", properties: { [name]: {} }, required: [] });
  const schemas = { input_schema: schema(pins.takes), output_schema: schema(pins.gives) };
  return ["agent", { user_id: "", graph_id: id, graph_version: version, inputs, ...schemas }];
}

/** Gives what it was given at `word` after so many seconds. */
export function sleepingShape(seconds: number): Shape {
  return {
    nodes: {
      word: ["input", { name: "word" }],
      wait: ["timer", { seconds }],
      out: ["output", { name: "word" }],
    },
    links: [
      ["word.result", "wait.input_message"],
      ["wait.output_message", "out.value"],
    ],
  };
}

function end(side: "source" | "sink", pin: Pin): JsonObject {
  const dot = pin.indexOf(".");
  return { [`${side}_id`]: pin.slice(0, dot), [`${side}_name`]: pin.slice(dot + 1) };
}
