import type { Edge, Node } from "@xyflow/react";
import type { DrawnNode, Drawing } from "./drawing.ts";

export type BlockFlowNode = Node<{ drawn: DrawnNode }, "block">;
export type NoteFlowNode = Node<{ drawn: DrawnNode }, "note">;
export type FlowNode = BlockFlowNode | NoteFlowNode;

export const NODE_WIDTH = 264;
export const NOTE_WIDTH = 240;

export type Positions = ReadonlyMap<string, { x: number; y: number }>;

/** The drawing as xyflow's elements. What a run does never goes in here: nodes read it from the live run by their id. */
export function toFlowNodes(drawing: Drawing, positions: Positions): FlowNode[] {
  return drawing.nodes.map((drawn) => {
    const position = positions.get(drawn.id) ?? { x: 0, y: 0 };
    return {
      id: drawn.id,
      type: drawn.note === null ? "block" : "note",
      position,
      data: { drawn },
      ariaLabel: `${drawn.title}, ${drawn.block_name}`,
      // Notes lie beneath blocks, as paper under things.
      zIndex: drawn.note === null ? 1 : 0,
    };
  });
}

export function toFlowEdges(drawing: Drawing): Edge[] {
  const titles = new Map(drawing.nodes.map(({ id, title }) => [id, title]));
  return drawing.links
    .filter((link) => titles.has(link.source) && titles.has(link.sink))
    .map((link) => ({
      id: link.id,
      type: "counted",
      ariaLabel: `${titles.get(link.source)} › ${link.source_pin} → ${titles.get(link.sink)} › ${link.sink_pin}`,
      source: link.source,
      target: link.sink,
      sourceHandle: link.source_pin,
      targetHandle: link.sink_pin,
      className: link.is_static ? "weft-static" : "",
      style: { stroke: `var(--pin-${link.type})` },
      focusable: false,
    }));
}

/** Height of a node before it has been measured, for arranging: header, rows, padding as in the style sheet. */
export function estimatedHeight(drawn: DrawnNode): number {
  if (drawn.note !== null) {
    return 60 + Math.ceil(drawn.note.length / 34) * 18;
  }
  const hiddenRow = drawn.hidden_inputs > 0 ? 1 : 0;
  return 62 + Math.max(drawn.inputs.length + hiddenRow, drawn.outputs.length) * 22;
}
