import "@xyflow/react/dist/style.css";
import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  MiniMap,
  type OnSelectionChangeParams,
  ReactFlow,
  ReactFlowProvider,
  useNodesState,
  useOnSelectionChange,
  useReactFlow,
} from "@xyflow/react";
import { useMantineColorScheme } from "@mantine/core";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useI18n } from "#app/i18n/i18n.tsx";
import { BlockNode } from "./block-node.tsx";
import { CountedEdge } from "./counted-edge.tsx";
import { type Drawing, hasPositions } from "./drawing.ts";
import { type FlowNode, type Positions, toFlowEdges, toFlowNodes } from "./flow-elements.ts";
import classes from "./graph-canvas.module.css";
import { NoteNode } from "./note-node.tsx";

const NODE_TYPES = { block: BlockNode, note: NoteNode };
const EDGE_TYPES = { counted: CountedEdge };
const FIT = { padding: 0.12, maxZoom: 1 };
/** From this many nodes on, only what is in sight is rendered. */
const MANY_NODES = 120;
/** Below this many the whole graph is in sight anyway. */
const MINIMAP_FROM = 24;
const MINIMAP_SIZE = { width: 150, height: 100 };

export interface GraphCanvasProps {
  drawing: Drawing;
  selected: string | null;
  onSelect: (nodeId: string | null) => void;
  /** Changes whenever the selected node shall be brought into sight. */
  focus: number;
}

/** The graph, read-only. Pan, zoom, select; what runs is shown by the nodes themselves. */
export default function GraphCanvas(props: GraphCanvasProps) {
  const { t } = useI18n();
  const positions = usePositions(props.drawing);
  if (positions === null) {
    return (
      <div className={classes.waiting} role="status">
        {t.agent.layout_busy}
      </div>
    );
  }
  return (
    <ReactFlowProvider>
      <Flow {...props} positions={positions} />
    </ReactFlowProvider>
  );
}

function Flow({ drawing, positions, selected, onSelect, focus }: GraphCanvasProps & { positions: Positions }) {
  const { t } = useI18n();
  const { colorScheme } = useMantineColorScheme();
  const [nodes, setNodes, onNodesChange] = useNodesState<FlowNode>(
    useMemo(() => toFlowNodes(drawing, positions), [drawing, positions]),
  );
  const edges = useMemo<Edge[]>(() => toFlowEdges(drawing), [drawing]);
  const labels = useMemo(
    () => ({
      "node.a11yDescription.default": t.canvas.node_hint,
      "node.a11yDescription.keyboardDisabled": t.canvas.node_hint,
      "controls.ariaLabel": t.canvas.controls,
      "controls.zoomIn.ariaLabel": t.canvas.zoom_in,
      "controls.zoomOut.ariaLabel": t.canvas.zoom_out,
      "controls.fitView.ariaLabel": t.canvas.fit,
      "minimap.ariaLabel": t.canvas.minimap,
    }),
    [t],
  );
  const { fitView } = useReactFlow<FlowNode>();
  useEffect(() => {
    setNodes(toFlowNodes(drawing, positions));
  }, [drawing, positions, setNodes]);
  useEffect(() => {
    setNodes((current) => withSelection(current, selected));
  }, [selected, setNodes]);
  useEffect(() => {
    if (focus > 0 && selected !== null) {
      void fitView({ nodes: [{ id: selected }], maxZoom: 1, padding: 0.4, duration: 250 });
    }
    // Only a request to focus moves the view, not every selection.
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the selection at the time of the request
  }, [focus, fitView]);
  useOnSelectionChange<FlowNode>({
    onChange: useCallback(
      (selection: OnSelectionChangeParams<FlowNode>) => onSelect(selection.nodes[0]?.id ?? null),
      [onSelect],
    ),
  });
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      onNodesChange={onNodesChange}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      ariaLabelConfig={labels}
      colorMode={colorScheme === "auto" ? "system" : colorScheme}
      className={classes.canvas}
      fitView
      fitViewOptions={FIT}
      minZoom={0.03}
      maxZoom={1.75}
      nodesDraggable={false}
      nodesConnectable={false}
      edgesFocusable={false}
      multiSelectionKeyCode={null}
      selectionKeyCode={null}
      deleteKeyCode={null}
      onlyRenderVisibleElements={nodes.length > MANY_NODES}
      aria-label={t.agent.canvas}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} />
      <Controls showInteractive={false} fitViewOptions={FIT} />
      {nodes.length > MINIMAP_FROM && <MiniMap pannable zoomable className={classes.minimap} style={MINIMAP_SIZE} />}
    </ReactFlow>
  );
}

/** The same list when the selection in it is right already. */
function withSelection(nodes: FlowNode[], selected: string | null): FlowNode[] {
  const isRight = (node: FlowNode) => (node.selected === true) === (node.id === selected);
  return nodes.every(isRight)
    ? nodes
    : nodes.map((node) => (isRight(node) ? node : { ...node, selected: node.id === selected }));
}

/** The file's own positions, or computed ones; null while those are being computed. */
function usePositions(drawing: Drawing): Positions | null {
  const own = useMemo<Positions | null>(
    () =>
      hasPositions(drawing) ? new Map(drawing.nodes.map(({ id, position }) => [id, position ?? { x: 0, y: 0 }])) : null,
    [drawing],
  );
  const [computed, setComputed] = useState<{ drawing: Drawing; positions: Positions } | null>(null);
  useEffect(() => {
    if (own !== null) {
      return undefined;
    }
    let wanted = true;
    void import("./arrange.ts")
      .then(({ arrange }) => arrange(drawing))
      .catch(() => inARow(drawing))
      .then((positions) => {
        if (wanted) {
          setComputed({ drawing, positions });
        }
      });
    return () => {
      wanted = false;
    };
  }, [drawing, own]);
  return own ?? (computed?.drawing === drawing ? computed.positions : null);
}

/** When nothing can be computed (workers forbidden, out of memory) the blocks still must be visible. */
function inARow(drawing: Drawing): Positions {
  return new Map(drawing.nodes.map(({ id }, index) => [id, { x: (index % 6) * 320, y: Math.floor(index / 6) * 300 }]));
}
