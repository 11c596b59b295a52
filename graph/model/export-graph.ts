import type { BlockCatalog, BlockDescriptor } from "../catalog/block-descriptor.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { getOwn, setOwn } from "../own-property.ts";
import { computeCredentialsInputSchema } from "../schema/credentials-schema.ts";
import { computeInputSchema, computeOutputSchema } from "../schema/compute-schemas.ts";
import { basePinName } from "../pins/dynamic-pins.ts";
import { AGENT_EXECUTOR_BLOCK_ID } from "./agent-node.ts";
import type { GraphFile, GraphLink, GraphNode, SubGraph } from "./graph-file.ts";
import { isCredentialsName, OWNER_KEYS, WEBHOOK_KEYS } from "./graph-keys.ts";

/**
 * The graph as an agent file that AutoGPT and Weft both read (autogpt.md §3.1): without credentials, values of secret
 * inputs, webhook registrations and owner; with the computed schemas, and with copies of the links at the nodes. Plain
 * JSON.
 */
export function exportGraph(graph: GraphFile, catalog: BlockCatalog): JsonObject {
  const { sub_graphs: subGraphs, ...own } = graph;
  return {
    ...exportOne(own, catalog),
    user_id: "",
    credentials_input_schema: computeCredentialsInputSchema(graph, catalog) as JsonValue,
    sub_graphs: subGraphs.map((subGraph) => exportOne(subGraph, catalog)),
  };
}

function exportOne(graph: SubGraph, catalog: BlockCatalog): JsonObject {
  const blocks = graph.nodes.map((node) => catalog.get(node.block_id));
  const uses = (test: (block: BlockDescriptor) => boolean): boolean =>
    blocks.some((block) => block !== undefined && test(block));
  const result = {
    ...(graph as unknown as JsonObject),
    nodes: exportNodes(graph, catalog),
    links: graph.links.map((link) => ({ ...(link as unknown as JsonObject) })),
    input_schema: computeInputSchema(graph, catalog) as JsonValue,
    output_schema: computeOutputSchema(graph, catalog) as JsonValue,
    has_external_trigger: uses((block) => block.ui_type.startsWith("Webhook")),
    has_human_in_the_loop: uses((block) => block.ui_type === "Human In The Loop"),
    has_sensitive_action: uses((block) => block.sensitive === true),
    trigger_setup_info: null,
  } satisfies JsonObject;
  return without(result, OWNER_KEYS);
}

function exportNodes(graph: SubGraph, catalog: BlockCatalog): JsonObject[] {
  const incoming = linksBy(graph.links, "sink_id");
  const outgoing = linksBy(graph.links, "source_id");
  return graph.nodes.map((node) => ({
    ...without(node as unknown as JsonObject, WEBHOOK_KEYS),
    input_default: exportInputs(node, catalog),
    input_links: copies(incoming.get(node.id)),
    output_links: copies(outgoing.get(node.id)),
    webhook_id: null,
  }));
}

function linksBy(links: GraphLink[], end: "source_id" | "sink_id"): Map<string, GraphLink[]> {
  const groups = new Map<string, GraphLink[]>();
  for (const link of links) {
    const group = groups.get(link[end]);
    if (group === undefined) {
      groups.set(link[end], [link]);
    } else {
      group.push(link);
    }
  }
  return groups;
}

function exportInputs(node: GraphNode, catalog: BlockCatalog): JsonObject {
  const properties = catalog.get(node.block_id)?.input_schema.properties ?? {};
  const result: JsonObject = {};
  for (const [pin, value] of Object.entries(node.input_default)) {
    const base = basePinName(pin);
    const schema = getOwn(properties, base);
    if (!isCredentialsName(base) && schema?.secret !== true && schema?.credentials_provider === undefined) {
      setOwn(result, pin, value);
    }
  }
  if (node.block_id === AGENT_EXECUTOR_BLOCK_ID && Object.hasOwn(result, "user_id")) {
    result.user_id = "";
  }
  return result;
}

function copies(links: GraphLink[] | undefined): JsonObject[] {
  return (links ?? []).map((link) => ({ ...(link as unknown as JsonObject) }));
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  const result = { ...object };
  for (const key of keys) {
    delete result[key];
  }
  return result;
}
