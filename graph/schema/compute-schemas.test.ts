import { describe, expect, it } from "vitest";
import { BLOCK, testCatalog } from "../catalog/test-catalog.testkit.ts";
import { graphOf } from "../model/graph-generators.testkit.ts";
import { checkRunInputs } from "../validation/check-inputs.ts";
import { computeInputSchema, computeOutputSchema } from "./compute-schemas.ts";
import { computeCredentialsInputSchema } from "./credentials-schema.ts";

describe("computeInputSchema", () => {
  it("describes each kind of input", () => {
    const graph = graphOf({
      any: { block: BLOCK.input, input: { name: "topic", title: "Topic", description: "What about?" } },
      number: { block: BLOCK.numberInput, input: { name: "count", value: 3, advanced: true } },
      choice: { block: BLOCK.dropdownInput, input: { name: "style", options: ["short", "long"], advanced: true } },
      toggle: { block: BLOCK.toggleInput, input: { name: "loud" } },
      table: { block: BLOCK.tableInput, input: { name: "rows", column_headers: ["A", "B"] } },
      nameless: { block: BLOCK.input, input: {} },
      other: { block: BLOCK.storeValue, input: { name: "no input" } },
    });
    expect(computeInputSchema(graph, testCatalog)).toEqual({
      type: "object",
      properties: {
        topic: { title: "Topic", description: "What about?", secret: false, advanced: false },
        count: {
          anyOf: [{ type: "integer" }, { type: "null" }],
          title: "count",
          default: 3,
          secret: false,
          advanced: true,
        },
        style: { type: ["string", "null"], enum: ["short", "long"], title: "style", secret: false, advanced: false },
        loud: { type: "boolean", title: "loud", default: false, secret: false, advanced: false },
        rows: {
          format: "table",
          anyOf: [
            {
              type: "array",
              items: {
                type: "object",
                properties: { A: { type: "string", title: "A" }, B: { type: "string", title: "B" } },
              },
            },
            { type: "null" },
          ],
          title: "rows",
          secret: false,
          advanced: false,
        },
      },
      required: ["topic", "style", "rows"],
    });
  });

  it("copes with names that JavaScript has plans for", () => {
    const schema = computeInputSchema(
      graphOf({ a: { block: BLOCK.input, input: { name: "__proto__" } } }),
      testCatalog,
    );
    expect(Object.keys(schema.properties ?? {})).toEqual(["__proto__"]);
    expect(schema.required).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).title).toBeUndefined();
  });

  it("reads the options of a drop-down from files that call them placeholder_values", () => {
    const input = { name: "x", placeholder_values: ["a"] };
    const schema = computeInputSchema(graphOf({ a: { block: BLOCK.dropdownInput, input } }), testCatalog);
    expect(schema.properties?.x?.enum).toEqual(["a"]);
  });

  it("gives a schema that run inputs can be checked against", () => {
    const graph = graphOf({
      n: { block: BLOCK.numberInput, input: { name: "n" } },
      d: { block: BLOCK.dropdownInput, input: { name: "d", options: ["a"], value: "a" } },
      t: { block: BLOCK.tableInput, input: { name: "t", column_headers: ["A"], value: [] } },
    });
    const schema = computeInputSchema(graph, testCatalog);
    const inputs = { n: "3", d: "a", t: [{ A: 1 }] };
    expect(checkRunInputs(schema, inputs)).toEqual({ ok: true, inputs: { n: 3, d: "a", t: [{ A: "1" }] } });
    expect(checkRunInputs(schema, { n: 1, d: "b" })).toEqual({
      ok: false,
      errors: { d: 'The value must be one of "a"' },
    });
  });

  it("has a drop-down without options take any text", () => {
    const schema = computeInputSchema(
      graphOf({ a: { block: BLOCK.dropdownInput, input: { name: "x", options: [] } } }),
      testCatalog,
    );
    expect(schema.properties?.x).not.toHaveProperty("enum");
  });
});

describe("computeOutputSchema", () => {
  it("lists output nodes only", () => {
    const graph = graphOf({
      in: { block: BLOCK.input, input: { name: "in" } },
      out: { block: BLOCK.output, input: { name: "answer", title: "The answer" } },
      fixed: { block: BLOCK.output, input: { name: "fixed", value: "x" } },
    });
    expect(computeOutputSchema(graph, testCatalog)).toEqual({
      type: "object",
      properties: {
        answer: { title: "The answer", secret: false, advanced: false },
        fixed: { title: "fixed", default: "x", secret: false, advanced: false },
      },
      required: ["answer"],
    });
  });
});

describe("computeCredentialsInputSchema", () => {
  const credentials = (
    nodes: Parameters<typeof graphOf>[0],
    more = {},
  ): ReturnType<typeof computeCredentialsInputSchema> =>
    computeCredentialsInputSchema(graphOf(nodes, [], more), testCatalog);

  it("merges pins of equal provider and types, chosen by the model", () => {
    const schema = credentials({
      a: { block: BLOCK.textGenerator, input: { model: "gpt-4o" } },
      b: { block: BLOCK.textGenerator },
      c: { block: BLOCK.textGenerator, input: { model: "claude-sonnet" } },
      d: { block: BLOCK.textGenerator, input: { model: "something-local" } },
    });
    expect(Object.keys(schema.properties ?? {})).toEqual([
      "openai_api_key_credentials",
      "anthropic_api_key_credentials",
      "anthropic-openai_api_key_credentials",
    ]);
    expect(schema.properties?.openai_api_key_credentials).toMatchObject({
      type: "object",
      credentials_provider: ["openai"],
      credentials_types: ["api_key"],
      required: ["id", "provider", "type"],
      discriminator: "model",
      discriminator_values: ["gpt-4o"],
      properties: { provider: { const: "openai" }, type: { const: "api_key" } },
    });
  });

  it("keeps credentials of different hosts apart", () => {
    const schema = credentials({
      a: { block: BLOCK.authenticatedWebRequest, input: { url: "https://user:pw@api.example.com/v1" } },
      b: { block: BLOCK.authenticatedWebRequest, input: { url: "https://api.example.com/v2" } },
      c: { block: BLOCK.authenticatedWebRequest, input: { url: "https://other.example.org" } },
    });
    expect(Object.keys(schema.properties ?? {})).toEqual([
      "http_api-example-com_host_scoped_credentials",
      "http_other-example-org_host_scoped_credentials",
    ]);
    expect(schema.properties?.["http_api-example-com_host_scoped_credentials"]?.discriminator_values).toEqual([
      "api.example.com",
    ]);
    expect(JSON.stringify(schema)).not.toContain("pw");
  });

  it("requires what any node requires, sub-graphs included", () => {
    const optional = { block: BLOCK.textGenerator, metadata: { credentials_optional: true } };
    expect(credentials({ a: optional }).required).toEqual([]);
    const sub = { id: "s", name: "Sub", nodes: [{ id: "b", block_id: BLOCK.textGenerator }], links: [] };
    expect(credentials({ a: optional }, { sub_graphs: [sub] }).required).toEqual(["openai_api_key_credentials"]);
  });
});
