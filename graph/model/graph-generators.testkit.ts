import * as fc from "fast-check";
import { BLOCK } from "../catalog/test-catalog.testkit.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { GraphFile } from "./graph-file.ts";
import { graphSchema } from "./graph-file.ts";

/** Seed of every property test; fast-check prints it with the counterexample when one fails. */
export const SEED = 20_260_820;

export interface NodeSketch {
  block: string;
  input?: JsonObject;
  metadata?: JsonObject;
}

/** A graph from nodes by id and links written as `source.pin -> sink.pin`. */
export function graphOf(nodes: Record<string, NodeSketch>, links: string[] = [], more: JsonObject = {}): GraphFile {
  return graphSchema.parse({
    id: "graph-1",
    name: "Test agent",
    nodes: Object.entries(nodes).map(([id, { block, input = {}, metadata = {} }]) => ({
      id,
      block_id: block,
      input_default: input,
      metadata,
    })),
    links: links.map((text, index) => {
      const [source = "", sink = ""] = text.split(" -> ");
      const [sourceId, sourceName] = split(source);
      const [sinkId, sinkName] = split(sink);
      return { id: `l${index}`, source_id: sourceId, sink_id: sinkId, source_name: sourceName, sink_name: sinkName };
    }),
    ...more,
  });
}

function split(end: string): [string, string] {
  const dot = end.indexOf(".");
  return [end.slice(0, dot), end.slice(dot + 1)];
}

/** Any JSON, keys such as `__proto__` and `constructor` included. */
export const anyJson: fc.Arbitrary<JsonValue> = fc
  .jsonValue({ maxDepth: 4 })
  .chain((value) =>
    fc.oneof(
      { weight: 5, arbitrary: fc.constant(value as JsonValue) },
      fc.constantFrom<JsonValue>(JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as JsonValue, {
        nested: JSON.parse('{"__proto__":[1]}') as JsonValue,
      }),
    ),
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

const name = fc
  .stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
  .filter((text) => text !== "credentials" && text !== "constructor");
const extras = fc.dictionary(
  name.map((text) => `x_${text}`),
  anyJson.map(withoutCredentials),
  { maxKeys: 3 },
);

function withoutCredentials(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value).replaceAll('"credentials"', '"other"')) as JsonValue;
}

const blockId = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...Object.values(BLOCK)) },
  fc.uuid(),
  fc.constant("a1b2c3d4-5e6f-7g8h-9i0j-k1l2m3n4o5p6"),
);
const pin = fc.oneof(
  name,
  fc.tuple(name, name).map(([base, key]) => `${base}_#_${key}`),
  fc.tuple(name, fc.nat(20)).map(([base, at]) => `${base}_$_${at}`),
);

const rawNode = (id: string): fc.Arbitrary<JsonObject> =>
  fc
    .record(
      {
        block_id: blockId,
        input_default: fc.dictionary(
          pin.map((text) => (text === "user_id" ? "user" : text)),
          anyJson.map(withoutCredentials),
          {
            maxKeys: 4,
          },
        ),
        metadata: fc.record(
          {
            position: fc.record({ x: fc.integer(), y: fc.integer() }),
            customized_name: fc.option(fc.string()),
            weft: fc.record(
              { timeout_ms: fc.integer({ min: 1, max: 600_000 }), note: fc.string() },
              { requiredKeys: [] },
            ),
          },
          { requiredKeys: [] },
        ),
        extra: extras,
      },
      { requiredKeys: ["block_id", "extra"] },
    )
    .map(({ extra, ...node }) => ({ ...extra, ...node, id }) as JsonObject);

/** The JSON of an agent file in the variants that are out there, with unknown keys, blocks and old ids. */
export const anyGraphJson: fc.Arbitrary<JsonObject> = fc.nat(6).chain((size) => {
  const ids = Array.from({ length: size }, (_, index) => `node-${index}`);
  const end = size === 0 ? fc.constant("") : fc.constantFrom(...ids);
  const link = fc.record(
    { source_id: end, sink_id: end, source_name: pin, sink_name: pin, is_static: fc.boolean(), extra: extras },
    { requiredKeys: ["source_id", "sink_id", "source_name", "sink_name", "extra"] },
  );
  return fc
    .record(
      {
        id: fc.uuid(),
        version: fc.integer({ min: 1, max: 500 }),
        is_active: fc.boolean(),
        name: fc.string({ maxLength: 20 }),
        description: fc.option(fc.string()),
        instructions: fc.option(fc.string()),
        nodes: fc.tuple(...ids.map(rawNode)),
        links: fc.array(link, { maxLength: size === 0 ? 0 : 8 }),
        is_template: fc.boolean(),
        extra: extras,
      },
      { requiredKeys: ["name", "nodes", "links", "extra"] },
    )
    .map(({ extra, links, ...graph }) => {
      const numbered = links.map(({ extra: more, ...fields }, index) => ({ ...more, ...fields, id: `link-${index}` }));
      return { ...extra, ...graph, links: numbered } as JsonObject;
    });
});
