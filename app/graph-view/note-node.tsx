import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import type { NoteFlowNode } from "./flow-elements.ts";
import classes from "./note-node.module.css";

/** A sticky note: what somebody wanted to say about the graph. Its text is shown as it is, never as markup. */
export const NoteNode = memo(function NoteNode({ data, selected }: NodeProps<NoteFlowNode>) {
  return (
    <div className={classes.note} data-selected={selected || undefined} data-testid="note-node">
      {data.drawn.note}
    </div>
  );
});
