/** Ids of the two blocks that every agent has (autogpt.md §6.1). */
export const INPUT_BLOCK = "c0a8e994-ebf1-4a9c-a4d8-89d09c86741b";
export const OUTPUT_BLOCK = "363ae599-353e-4804-937e-b2ee3cef3da4";

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
