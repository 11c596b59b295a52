import type { BlockCatalog } from "../catalog/block-descriptor.ts";
import { GraphError, type GraphErrorDetail } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { findNonJson, isJsonObject, jsonEquals, MAX_JSON_DEPTH } from "../json-value.ts";
import { isUnsafeName, recordOf } from "../own-property.ts";
import { AGENT_EXECUTOR_BLOCK_ID } from "./agent-node.ts";
import { type GraphFile, graphSchema, type SubGraph } from "./graph-file.ts";
import { checkIntegrity, summary } from "./graph-integrity.ts";
import { COMPUTED_KEYS, LINK_COPY_KEYS, OWNER_KEYS, WEBHOOK_KEYS } from "./graph-keys.ts";
import { checkGraphSize, MAX_FILE_NODES, MAX_SUB_GRAPHS, tooLarge } from "./graph-limits.ts";
import { currentBlockId } from "./legacy-block-ids.ts";

export interface ImportWarning {
  code: "legacy_block_id" | "credentials_removed" | "missing_block" | "duplicate_sub_graph" | "link_id_added";
  message: string;
}

export interface MissingBlock {
  block_id: string;
  /** Nodes with that block, those of sub-graphs included. */
  node_ids: string[];
}

export interface ImportedGraph {
  graph: GraphFile;
  warnings: ImportWarning[];
  missing_blocks: MissingBlock[];
}

/**
 * Reads an agent file in any variant that AutoGPT ever exported (autogpt.md §3.1, §7). Old block ids become those of
 * today, every `credentials` key goes, `is_static` is set for blocks with static output, what an export derives
 * (schemas, copies of links, owner) is dropped; all other keys are kept. Sub-graphs of sub-graphs move to the one flat
 * list. Blocks that are not in the catalogue are kept and listed. Throws GraphError `invalid_graph` (with one detail
 * per finding), `invalid_name`, `graph_too_large`.
 */
export function importGraph(json: unknown, catalog: BlockCatalog): ImportedGraph {
  const warnings: ImportWarning[] = [];
  const raw = flattenSubGraphs(checkRaw(json), warnings);
  const cleaned = removeCredentials(raw, warnings);
  const graph = parse(normalizeGraph(cleaned, "", warnings));
  checkIntegrity(graph);
  for (const [index, subGraph] of graph.sub_graphs.entries()) {
    checkIntegrity(subGraph, `sub_graphs[${index}].`);
  }
  for (const each of [graph, ...graph.sub_graphs]) {
    setStaticLinks(each, catalog);
  }
  const missing = missingBlocks(graph, catalog);
  for (const { block_id, node_ids } of missing) {
    warnings.push({
      code: "missing_block",
      message: `The block ${block_id} is not installed here; ${node_ids.length === 1 ? "one node needs" : `${node_ids.length} nodes need`} a replacement before the agent can run.`,
    });
  }
  return { graph, warnings, missing_blocks: missing };
}

/** Blocks of the graph and its sub-graphs that the catalogue does not have. */
export function missingBlocks(graph: GraphFile | SubGraph, catalog: BlockCatalog): MissingBlock[] {
  const missing = new Map<string, string[]>();
  const subGraphs = "sub_graphs" in graph ? (graph as GraphFile).sub_graphs : [];
  for (const node of [graph, ...subGraphs].flatMap((each) => each.nodes)) {
    if (catalog.get(node.block_id) === undefined) {
      const nodeIds = missing.get(node.block_id) ?? [];
      nodeIds.push(node.id);
      missing.set(node.block_id, nodeIds);
    }
  }
  return [...missing].map(([block_id, node_ids]) => ({ block_id, node_ids }));
}

function checkRaw(json: unknown): JsonObject {
  if (!isJsonObject(json)) {
    throw invalid([{ path: "", message: "An agent file is a JSON object with the keys name, nodes and links." }]);
  }
  checkRawSize(json, "graph");
  const subGraphs = Array.isArray(json.sub_graphs) ? json.sub_graphs : [];
  if (subGraphs.length > MAX_SUB_GRAPHS) {
    throw tooLarge("file", `${subGraphs.length} sub-graphs; the most is ${MAX_SUB_GRAPHS}`);
  }
  for (const [index, subGraph] of subGraphs.entries()) {
    checkRawSize(subGraph, `sub-graph ${index}`);
  }
  const finding = findNonJson(json, MAX_JSON_DEPTH);
  if (finding !== undefined) {
    throw invalid([finding]);
  }
  return json;
}

function checkRawSize(value: JsonValue, path: string): void {
  if (isJsonObject(value)) {
    const { nodes, links } = value;
    checkGraphSize(
      { nodes: Array.isArray(nodes) ? nodes.length : 0, links: Array.isArray(links) ? links.length : 0 },
      path,
    );
  }
}

/** One flat list of sub-graphs, each id and version once. */
function flattenSubGraphs(graph: JsonObject, warnings: ImportWarning[]): JsonObject {
  if (graph.sub_graphs === undefined || graph.sub_graphs === null) {
    return { ...graph, sub_graphs: [] };
  }
  if (!Array.isArray(graph.sub_graphs)) {
    return graph;
  }
  const flat: JsonValue[] = [];
  const seen = new Map<string, JsonObject>();
  const queue = [...graph.sub_graphs];
  let nodes = Array.isArray(graph.nodes) ? graph.nodes.length : 0;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (!isJsonObject(next)) {
      flat.push(next);
      continue;
    }
    const { sub_graphs: nested, ...own } = next;
    queue.push(...(Array.isArray(nested) ? nested : []));
    const key = JSON.stringify([own.id ?? null, own.version ?? 1]);
    const known = own.id === undefined ? undefined : seen.get(key);
    if (known !== undefined) {
      if (!jsonEquals(known, own)) {
        warnings.push({
          code: "duplicate_sub_graph",
          message: `The file has the sub-agent ${JSON.stringify(own.id)} twice with different contents; the first is used.`,
        });
      }
      continue;
    }
    seen.set(key, own);
    flat.push(own);
    checkRawSize(own, `sub-graph ${flat.length - 1}`);
    nodes += Array.isArray(own.nodes) ? own.nodes.length : 0;
    if (flat.length > MAX_SUB_GRAPHS || nodes > MAX_FILE_NODES) {
      throw tooLarge("file", `more than ${MAX_SUB_GRAPHS} sub-graphs or ${MAX_FILE_NODES} nodes in all`);
    }
  }
  return { ...graph, sub_graphs: flat };
}

/** Deletes every `credentials` key at every level (autogpt.md §3.1): a reference into another platform's vault. */
function removeCredentials(graph: JsonObject, warnings: ImportWarning[]): JsonObject {
  let removed = 0;
  const strip = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) {
      return value.map(strip);
    }
    if (!isJsonObject(value)) {
      return value;
    }
    const kept: [string, JsonValue][] = [];
    for (const [key, element] of Object.entries(value)) {
      if (key === "credentials") {
        removed += element === null ? 0 : 1;
      } else {
        kept.push([key, strip(element)]);
      }
    }
    return recordOf(kept);
  };
  const stripped = strip(graph);
  if (removed > 0) {
    warnings.push({
      code: "credentials_removed",
      message: `${removed === 1 ? "One reference to a credential was" : `${removed} references to credentials were`} removed: choose your own.`,
    });
  }
  return isJsonObject(stripped) ? stripped : {};
}

/** Irons out the variants of the format before the schema looks at it. */
function normalizeGraph(graph: JsonObject, path: string, warnings: ImportWarning[]): JsonObject {
  refuseUnsafeKeys(graph, path);
  const result = without(graph, [...COMPUTED_KEYS, ...OWNER_KEYS]);
  dropNulls(result, ["id", "version", "is_active", "description", "metadata", "nodes", "links"]);
  if (isJsonObject(result.metadata)) {
    result.metadata = normalizeMetadata(result.metadata, `${path}metadata.`);
  }
  if (Array.isArray(result.nodes)) {
    result.nodes = result.nodes.map((node, index) =>
      isJsonObject(node) ? normalizeNode(node, `${path}nodes[${index}]`, warnings) : node,
    );
  }
  if (Array.isArray(result.links)) {
    result.links = normalizeLinks(result.links, path, warnings);
  }
  if (Array.isArray(result.sub_graphs)) {
    result.sub_graphs = result.sub_graphs.map((subGraph, index) =>
      isJsonObject(subGraph) ? normalizeGraph(subGraph, `${path}sub_graphs[${index}].`, warnings) : subGraph,
    );
  }
  return result;
}

function normalizeNode(node: JsonObject, path: string, warnings: ImportWarning[]): JsonObject {
  refuseUnsafeKeys(node, `${path}.`);
  const result = without(node, LINK_COPY_KEYS);
  dropNulls(result, ["input_default", "metadata", ...WEBHOOK_KEYS]);
  if (isJsonObject(result.metadata)) {
    result.metadata = normalizeMetadata(result.metadata, `${path}.metadata.`);
  }
  if (typeof result.block_id === "string") {
    const current = currentBlockId(result.block_id);
    if (current !== result.block_id) {
      warnings.push({
        code: "legacy_block_id",
        message: `${path}: the old block id ${result.block_id} was replaced by ${current}.`,
      });
      result.block_id = current;
    }
  }
  if (
    result.block_id === AGENT_EXECUTOR_BLOCK_ID &&
    isJsonObject(result.input_default) &&
    "user_id" in result.input_default
  ) {
    result.input_default = { ...result.input_default, user_id: "" };
  }
  return result;
}

function normalizeMetadata(metadata: JsonObject, path: string): JsonObject {
  refuseUnsafeKeys(metadata, path);
  const result = { ...metadata };
  dropNulls(result, ["position", "weft"]);
  for (const key of ["position", "weft"]) {
    const value = result[key];
    if (isJsonObject(value)) {
      refuseUnsafeKeys(value, `${path}${key}.`);
      if (isJsonObject(value.pinned)) {
        refuseUnsafeKeys(value.pinned, `${path}${key}.pinned.`);
      }
    }
  }
  return result;
}

function normalizeLinks(links: JsonValue[], path: string, warnings: ImportWarning[]): JsonValue[] {
  const taken = new Set(links.map((link) => (isJsonObject(link) ? link.id : undefined)));
  return links.map((link, index) => {
    if (!isJsonObject(link)) {
      return link;
    }
    refuseUnsafeKeys(link, `${path}links[${index}].`);
    const result = { ...link };
    dropNulls(result, ["is_static", "id"]);
    if (result.id === undefined) {
      let id = `link-${index}`;
      while (taken.has(id)) {
        id += "-";
      }
      taken.add(id);
      result.id = id;
      warnings.push({ code: "link_id_added", message: `${path}links[${index}] had no id and was given ${id}.` });
    }
    return result;
  });
}

function parse(value: JsonObject): GraphFile {
  const parsed = graphSchema.safeParse(value);
  if (!parsed.success) {
    throw invalid(parsed.error.issues.map((issue) => ({ path: pathOf(issue.path), message: issue.message })));
  }
  return parsed.data;
}

function setStaticLinks(graph: SubGraph, catalog: BlockCatalog): void {
  const fixed = new Set(
    graph.nodes.filter((node) => catalog.get(node.block_id)?.static_output === true).map((node) => node.id),
  );
  for (const link of graph.links) {
    link.is_static ||= fixed.has(link.source_id);
  }
}

/**
 * The schema library drops a `__proto__` key of a described object silently; nothing may be lost, so such a file is
 * refused.
 */
function refuseUnsafeKeys(object: JsonObject, path: string): void {
  const name = Object.keys(object).find(isUnsafeName);
  if (name !== undefined) {
    const message = `"${name}" may not be used as a key here.`;
    throw new GraphError("invalid_name", `The graph uses a name that is not allowed: ${path}${name}`, [
      { path: `${path}${name}`, code: "invalid_name", message },
    ]);
  }
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  const result = { ...object };
  for (const key of keys) {
    delete result[key];
  }
  return result;
}

function dropNulls(object: JsonObject, keys: readonly string[]): void {
  for (const key of keys) {
    if (object[key] === null) {
      delete object[key];
    }
  }
}

const SHOWN = 50;

function invalid(details: GraphErrorDetail[]): GraphError {
  return new GraphError("invalid_graph", summary("This is not a valid agent file", details), details.slice(0, SHOWN));
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}${text === "" ? "" : "."}${String(key)}`),
    "",
  );
}
