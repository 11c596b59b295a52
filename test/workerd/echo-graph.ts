import { BLOCKS } from "../agent-file.ts";

/** Ids of the two blocks that every agent has. */
export const INPUT_BLOCK = BLOCKS.input;
export const OUTPUT_BLOCK = BLOCKS.output;

/** The smallest agent that does something: gives its input `text` as its output `echo`. */
export function echoGraph(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: "Echo",
    description: "Says what it is told.",
    nodes: [
      { id: "in", block_id: INPUT_BLOCK, input_default: { name: "text" }, metadata: { position: { x: 0, y: 0 } } },
      { id: "out", block_id: OUTPUT_BLOCK, input_default: { name: "echo" }, metadata: { position: { x: 300, y: 0 } } },
    ],
    links: [{ id: "l", source_id: "in", sink_id: "out", source_name: "result", sink_name: "value", is_static: true }],
    ...change,
  };
}
