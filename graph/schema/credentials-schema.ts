import type { BlockCatalog, BlockDescriptor } from "../catalog/block-descriptor.ts";
import type { JsonSchema, JsonValue } from "../json.ts";
import { isJsonObject } from "../json-value.ts";
import type { GraphFile, GraphNode, SubGraph } from "../model/graph-file.ts";
import { isCredentialsName } from "../model/graph-keys.ts";
import { getOwn, isUnsafeName, setOwn } from "../own-property.ts";

/**
 * One pin of a block that takes a credential (autogpt.md §5: `credentials` or `*_credentials` with provider and types).
 */
export interface CredentialsField {
  name: string;
  schema: JsonSchema;
}

export function credentialsFields(block: BlockDescriptor): CredentialsField[] {
  return Object.entries(block.input_schema.properties ?? {})
    .filter(([name, schema]) => isCredentialsName(name) && Array.isArray(schema.credentials_provider))
    .map(([name, schema]) => ({ name, schema }));
}

/**
 * The credentials that a run of the agent needs, those of its sub-graphs included (autogpt.md §3.1). Keys are
 * `{providers}_{types}_credentials`; pins of equal providers and types are one entry, except that those told apart by a
 * host or server address stay one per address. Required when any node needs it.
 */
export function computeCredentialsInputSchema(graph: GraphFile | SubGraph, catalog: BlockCatalog): JsonSchema {
  const entries = new Map<string, Entry>();
  const subGraphs = "sub_graphs" in graph ? (graph as GraphFile).sub_graphs : [];
  for (const node of [graph, ...subGraphs].flatMap((each) => each.nodes)) {
    const block = catalog.get(node.block_id);
    for (const field of block === undefined ? [] : credentialsFields(block)) {
      addEntry(entries, entryOf(node, field, block?.input_schema ?? {}));
    }
  }
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [key, entry] of entries) {
    setOwn(properties, key, describeEntry(entry));
    if (entry.required) {
      required.push(key);
    }
  }
  return { type: "object", properties, required };
}

interface Entry {
  providers: string[];
  types: string[];
  scopes: string[];
  schema: JsonSchema;
  /** Values of the discriminating field (models, or the hosts of addresses) at the nodes that use the credential. */
  values: string[];
  /** The discriminating field is an address: credentials of one provider stay apart by its host. */
  byAddress: boolean;
  required: boolean;
}

function entryOf(node: GraphNode, { name, schema }: CredentialsField, input: JsonSchema): Entry {
  const discriminator = typeof schema.discriminator === "string" ? schema.discriminator : undefined;
  const value =
    discriminator === undefined
      ? undefined
      : (getOwn(node.input_default, discriminator) ?? getOwn(input.properties ?? {}, discriminator)?.default);
  const mapping = schema.discriminator_mapping;
  const mapped = isJsonObject(mapping) && typeof value === "string" ? getOwn(mapping, value) : undefined;
  const byAddress = discriminator !== undefined && !isJsonObject(mapping);
  return {
    providers: typeof mapped === "string" ? [mapped] : strings(schema.credentials_provider),
    types: typesOf(schema, value),
    scopes: strings(schema.credentials_scopes),
    schema,
    values: typeof value === "string" && value !== "" ? [byAddress ? addressOf(value) : value] : [],
    byAddress,
    required: node.metadata.credentials_optional !== true && (input.required ?? []).includes(name),
  };
}

/** `discriminator_type_mapping` narrows the types as the mapping narrows the provider. */
function typesOf(schema: JsonSchema, value: JsonValue | undefined): string[] {
  const mapping = schema.discriminator_type_mapping;
  const mapped = isJsonObject(mapping) && typeof value === "string" ? getOwn(mapping, value) : undefined;
  const narrowed = typeof mapped === "string" ? [mapped] : strings(mapped);
  return narrowed.length > 0 ? narrowed : strings(schema.credentials_types);
}

function addEntry(entries: Map<string, Entry>, entry: Entry): void {
  const key = keyOf(entry);
  const known = entries.get(key);
  if (isUnsafeName(key)) {
    return;
  }
  if (known === undefined) {
    entries.set(key, entry);
    return;
  }
  known.required ||= entry.required;
  known.scopes = [...new Set([...known.scopes, ...entry.scopes])];
  known.values = [...new Set([...known.values, ...entry.values])];
}

function keyOf({ providers, types, values, byAddress }: Entry): string {
  const address = byAddress ? values.map((value) => `_${value.replace(/[^A-Za-z0-9]+/g, "-")}`).join("") : "";
  return `${[...providers].sort().join("-")}${address}_${[...types].sort().join("-")}_credentials`;
}

/** `https://api.example.com:8443/x` → `api.example.com:8443`; what is no URL stays as it is. */
function addressOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#]+)/i.exec(url)?.[1]?.toLowerCase() ?? url;
}

function describeEntry({ providers, types, scopes, schema, values, byAddress }: Entry): JsonSchema {
  return {
    title: providers.join(", "),
    credentials_provider: providers,
    credentials_types: types,
    type: "object",
    properties: {
      id: { type: "string", title: "Id" },
      title: { anyOf: [{ type: "string" }, { type: "null" }], default: null, title: "Title" },
      provider: { ...oneOf(providers), type: "string", title: "Provider" },
      type: { ...oneOf(types), type: "string", title: "Type" },
    },
    required: ["id", "provider", "type"],
    ...(scopes.length === 0 ? {} : { credentials_scopes: scopes }),
    ...(typeof schema.discriminator === "string" ? { discriminator: schema.discriminator } : {}),
    ...(isJsonObject(schema.discriminator_mapping) ? { discriminator_mapping: schema.discriminator_mapping } : {}),
    ...(values.length === 0 ? {} : { discriminator_values: values }),
    display_name: byAddress && values.length > 0 ? values.join(", ") : providers.join(", "),
  };
}

function oneOf(values: string[]): JsonSchema {
  return values.length === 1 ? { const: values[0] } : { enum: values };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
