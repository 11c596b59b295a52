import type { BlockCatalog, BlockDescriptor, Gathers } from "../catalog/block-descriptor.ts";
import { GraphError, type GraphErrorDetail } from "../errors.ts";
import {
  DEFAULT_STEP_LIMIT,
  type GraphFile,
  type GraphLink,
  type GraphNode,
  type SubGraph,
} from "../model/graph-file.ts";
import { getOwn } from "../own-property.ts";
import { basePinName } from "../pins/dynamic-pins.ts";
import { requiredInputNames } from "../schema/io-nodes.ts";
import { effectsOfNode } from "./effects-of-node.ts";
import { gatheringBelow, MAX_GATHERING } from "./gathering.ts";
import type { Plan, PlanNode } from "./plan.ts";

export interface CompileOptions {
  /** Overrides the graph's own `metadata.weft.step_limit`. */
  stepLimit?: number;
  /** Overrides the graph's own `metadata.weft.timeout_ms`, ms. */
  timeoutMs?: number;
}

/**
 * Compiles a graph version to the plan that a run follows (autogpt.md §4.1, §4.3). Sub-graphs are not part of it: each
 * runs by a plan of its own. Links from blocks with static output are static whatever the file says; links into notes
 * are left out, for notes never run. Throws GraphError: `unknown_blocks`, `disabled_block`, `dangling_link`,
 * `no_starting_node`, `gathers_in_cycle`, `too_many_gathering`.
 */
export function compilePlan(graph: GraphFile | SubGraph, catalog: BlockCatalog, options: CompileOptions = {}): Plan {
  const blocks = blocksOf(graph.nodes, catalog);
  const indexes = new Map(graph.nodes.map((node, index) => [node.id, index]));
  const nodes = graph.nodes.map((node, index) => planNode(node, blockAt(blocks, index)));
  const pins = nodes.map(() => new Map<string, { is_static: boolean }>());
  for (const link of graph.links) {
    const source = indexes.get(link.source_id);
    const sink = indexes.get(link.sink_id);
    if (source === undefined || sink === undefined) {
      throw dangling(link);
    }
    addLink({ nodes, blocks, pins, link, source, sink });
  }
  for (const [index, node] of nodes.entries()) {
    const linked = [...(pins[index] ?? [])];
    node.linked_pins = linked.map(([pin]) => pin);
    node.static_pins = linked.filter(([, { is_static }]) => is_static).map(([pin]) => pin);
    Object.assign(node, effectsOfNode(blockAt(blocks, index), node.input_default, node.linked_pins));
    if (node.gathers !== undefined && node.linked_pins.includes(node.gathers.count_pin)) {
      node.gathers.until = "count";
    }
  }
  checkGathering(nodes);
  const starts = nodes.flatMap((node, index) => (isStart(node) ? [index] : []));
  if (starts.length === 0) {
    throw new GraphError(
      "no_starting_node",
      "The agent has no node to start from: every node waits for another. Add an input, or a node without incoming links.",
    );
  }
  const weft = graph.metadata?.weft;
  const timeoutMs = options.timeoutMs ?? weft?.timeout_ms;
  return {
    graph_id: graph.id ?? "",
    graph_version: graph.version,
    graph_name: graph.name,
    nodes,
    starts,
    required_inputs: requiredInputNames(graph, catalog),
    step_limit: options.stepLimit ?? weft?.step_limit ?? DEFAULT_STEP_LIMIT,
    ...(timeoutMs === undefined ? {} : { timeout_ms: timeoutMs }),
  };
}

function planNode(node: GraphNode, block: BlockDescriptor): PlanNode {
  const weft = node.metadata.weft;
  return {
    id: node.id,
    block_id: node.block_id,
    ui_type: block.ui_type,
    effects: block.effects,
    pool: block.pool,
    timeout_ms: weft?.timeout_ms ?? block.timeout_ms,
    ...(weft?.total_timeout_ms === undefined ? {} : { total_timeout_ms: weft.total_timeout_ms }),
    ...(weft?.retry === undefined ? {} : { retry: weft.retry }),
    ...(weft?.cache === undefined || block.effects === "once" ? {} : { cache: weft.cache }),
    input_default: node.input_default,
    linked_pins: [],
    static_pins: [],
    links: [],
    error_linked: false,
    ...(block.gathers === undefined ? {} : { gathers: gathersOf(node, block.gathers) }),
  };
}

function gathersOf(node: GraphNode, gathers: Gathers): PlanNode["gathers"] {
  const given = (getOwn(node.input_default, gathers.count_pin) ?? null) !== null;
  return { ...gathers, until: given ? "count" : "end" };
}

/** What gathers until everything before it is over must not come before itself. */
function checkGathering(nodes: readonly PlanNode[]): void {
  const below = gatheringBelow(nodes) ?? [];
  const circular = nodes.filter((_, index) => below[index]?.includes(index));
  if (circular.length > 0) {
    const names = circular.map(({ id }) => id).join(", ");
    throw new GraphError(
      "gathers_in_cycle",
      `Nodes that gather until everything before them is over come before themselves: ${names}. Give them a number of values, or take them out of the circle.`,
    );
  }
  if (nodes.filter(({ gathers }) => gathers?.until === "end").length > MAX_GATHERING) {
    const message = `At most ${MAX_GATHERING} nodes of a graph may gather until everything before them is over.`;
    throw new GraphError("too_many_gathering", message);
  }
}

interface LinkInPlan {
  nodes: PlanNode[];
  blocks: BlockDescriptor[];
  pins: Map<string, { is_static: boolean }>[];
  link: GraphLink;
  source: number;
  sink: number;
}

function addLink({ nodes, blocks, pins, link, source, sink }: LinkInPlan): void {
  const from = nodes[source];
  if (from === undefined || nodes[sink]?.ui_type === "Note") {
    return;
  }
  const isStatic = link.is_static || blockAt(blocks, source).static_output;
  from.links.push({ source_name: link.source_name, sink, sink_name: link.sink_name, is_static: isStatic });
  from.error_linked ||= basePinName(link.source_name) === "error";
  const pin = pins[sink]?.get(link.sink_name);
  if (pin === undefined) {
    pins[sink]?.set(link.sink_name, { is_static: isStatic });
  } else {
    pin.is_static ||= isStatic;
  }
}

function isStart(node: PlanNode): boolean {
  return node.ui_type !== "Note" && (node.ui_type === "Input" || node.linked_pins.length === 0);
}

function blocksOf(nodes: GraphNode[], catalog: BlockCatalog): BlockDescriptor[] {
  const unknown: GraphErrorDetail[] = [];
  const disabled: GraphErrorDetail[] = [];
  const blocks: BlockDescriptor[] = [];
  for (const [index, node] of nodes.entries()) {
    const block = catalog.get(node.block_id);
    const path = `nodes[${index}].block_id`;
    if (block === undefined) {
      unknown.push({ path, message: `Node ${node.id} uses the block ${node.block_id}, which is not installed here.` });
    } else {
      blocks.push(block);
      if (block.disabled) {
        disabled.push({ path, message: `Node ${node.id} uses the block "${block.name}", which is switched off here.` });
      }
    }
  }
  if (unknown.length > 0) {
    throw new GraphError(
      "unknown_blocks",
      `The agent uses blocks that are not installed here. Replace the nodes ${listNodes(unknown)} before running it.`,
      unknown,
    );
  }
  if (disabled.length > 0) {
    throw new GraphError(
      "disabled_block",
      `The agent uses blocks that are switched off in this deployment. Replace them before running it: ${listNodes(disabled)}.`,
      disabled,
    );
  }
  return blocks;
}

const SHOWN = 10;

function listNodes(details: GraphErrorDetail[]): string {
  const shown = details.slice(0, SHOWN).map((detail) => detail.path.replace(".block_id", ""));
  return details.length > SHOWN ? `${shown.join(", ")} and ${details.length - SHOWN} more` : shown.join(", ");
}

function blockAt(blocks: BlockDescriptor[], index: number): BlockDescriptor {
  const block = blocks[index];
  if (block === undefined) {
    throw new RangeError(`no block at ${index}`);
  }
  return block;
}

function dangling(link: GraphLink): GraphError {
  const message = `Link ${link.id} goes from ${link.source_id} to ${link.sink_id}, and one of these nodes does not exist.`;
  return new GraphError("dangling_link", message, [{ path: `links.${link.id}`, message }]);
}
