import ElkApi, { type ElkNode } from "elkjs/lib/elk-api.js";
import elkWorkerUrl from "elkjs/lib/elk-worker.min.js?url";
import type { Drawing } from "./drawing.ts";
import { estimatedHeight, NODE_WIDTH, type Positions } from "./flow-elements.ts";

/** Places for the nodes of a graph whose file has none: layers from left to right, computed off the main thread. */
export async function arrange(drawing: Drawing): Promise<Positions> {
  const elk = new ElkApi({ workerFactory: () => new Worker(elkWorkerUrl) });
  try {
    const laidOut = await elk.layout(toElk(drawing));
    return new Map((laidOut.children ?? []).map(({ id, x = 0, y = 0 }) => [id, { x, y }]));
  } finally {
    elk.terminateWorker();
  }
}

function toElk(drawing: Drawing): ElkNode {
  const known = new Set(drawing.nodes.map(({ id }) => id));
  return {
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "RIGHT",
      "elk.spacing.nodeNode": "48",
      "elk.layered.spacing.nodeNodeBetweenLayers": "96",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
      "elk.separateConnectedComponents": "true",
    },
    children: drawing.nodes.map((drawn) => ({ id: drawn.id, width: NODE_WIDTH, height: estimatedHeight(drawn) })),
    edges: drawing.links
      .filter((link) => known.has(link.source) && known.has(link.sink))
      .map((link) => ({ id: link.id, sources: [link.source], targets: [link.sink] })),
  };
}
