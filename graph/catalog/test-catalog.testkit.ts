import type { JsonSchema } from "../json.ts";
import type { BlockCatalog, BlockDescriptor } from "./block-descriptor.ts";

/** Ids of the blocks in {@link testCatalog} (autogpt.md §6). */
export const BLOCK = {
  storeValue: "1ff065e9-88e8-4358-9d82-8dc91f622ba9",
  print: "f3b1c1b2-4c4f-4f0d-8d2f-4c4f0d8d2f4c",
  note: "cc10ff7b-7753-4ff2-9af6-9399b1a7eddc",
  input: "c0a8e994-ebf1-4a9c-a4d8-89d09c86741b",
  numberInput: "96dae2bb-97a2-41c2-bd2f-13a3b5a8ea98",
  dropdownInput: "655d6fdf-a334-421c-b733-520549c07cd1",
  toggleInput: "cbf36ab5-df4a-43b6-8a7f-f7ed8652116e",
  tableInput: "5603b273-f41e-4020-af7d-fbc9c6a8d928",
  output: "363ae599-353e-4804-937e-b2ee3cef3da4",
  fillTemplate: "db7d8f02-2f44-4c55-ab7a-eae0941f0c30",
  combineTexts: "e30a4d42-7b7d-4e6a-b36e-1f9b8e3b7d85",
  createDictionary: "b924ddf4-de4f-4b56-9a85-358930dcbc91",
  createList: "a912d5c7-6e00-4542-b2a9-8034136930e4",
  addToList: "aeb08fc1-2fc1-4141-bc8e-f758f183a822",
  calculator: "b1ab9b19-67a6-406d-abf5-2dba76d00c79",
  countdown: "d67a9c52-5e4e-11e2-bcfd-0800200c9a71",
  webRequest: "6595ae1f-b924-42cb-9a41-551a0611c4b4",
  authenticatedWebRequest: "fff86bcd-e001-4bad-a7f6-2eae4720c8dc",
  textGenerator: "1f292d4a-41a4-4977-9684-7c8d560b9f91",
  orchestrator: "3b191d9f-356f-482d-8238-ba04b6d18381",
  humanInTheLoop: "8b2a7b3c-6e9d-4a5f-8c1b-2e3f4a5b6c7d",
  agent: "e189baac-8c20-45a1-94a7-55177ea42565",
  mcpTool: "a0a4b1c2-d3e4-4f56-a7b8-c9d0e1f2a3b4",
  webhook: "8fa8c167-2002-47ce-aba8-97572fc5d387",
  collect: "030c7584-ea30-4a05-9b48-edc88368905f",
  sendEmail: "4335878a-394e-4e67-adf2-919877ff49ae",
} as const;

const TEXT: JsonSchema = { type: "string" };
const ANY: JsonSchema = {};
const TEXT_OR_NULL: JsonSchema = { anyOf: [{ type: "string" }, { type: "null" }], default: null };
const CREDENTIALS: JsonSchema = {
  type: "object",
  properties: { id: TEXT, title: TEXT_OR_NULL, provider: TEXT, type: TEXT },
  required: ["id", "provider", "type"],
};

function object(properties: Record<string, JsonSchema>, required: string[] = []): JsonSchema {
  return { type: "object", properties, required };
}

interface Sketch {
  input: JsonSchema;
  output: string[];
  more?: Partial<BlockDescriptor>;
}

function ioInputs(value: JsonSchema, more: Record<string, JsonSchema> = {}): JsonSchema {
  return object(
    {
      name: TEXT,
      value: { default: null, ...value },
      title: TEXT_OR_NULL,
      description: TEXT_OR_NULL,
      advanced: { type: "boolean", default: false },
      ...more,
    },
    ["name"],
  );
}

const INPUT: Partial<BlockDescriptor> = { ui_type: "Input", static_output: true };

const SKETCHES: Record<keyof typeof BLOCK, Sketch> = {
  storeValue: {
    input: object({ input: ANY, data: { default: null } }, ["input"]),
    output: ["output"],
    more: { static_output: true },
  },
  print: { input: object({ text: ANY }, ["text"]), output: ["output", "status"], more: { disabled: true } },
  note: { input: object({ text: TEXT }, ["text"]), output: ["output"], more: { ui_type: "Note" } },
  input: { input: ioInputs(ANY), output: ["result"], more: INPUT },
  numberInput: { input: ioInputs({ anyOf: [{ type: "integer" }, { type: "null" }] }), output: ["result"], more: INPUT },
  dropdownInput: {
    input: ioInputs({ type: ["string", "null"] }, { options: { type: "array", items: TEXT, default: [] } }),
    output: ["result"],
    more: INPUT,
  },
  toggleInput: { input: ioInputs({ type: "boolean", default: false }), output: ["result"], more: INPUT },
  tableInput: {
    input: ioInputs(
      { anyOf: [{ type: "array", items: { type: "object" } }, { type: "null" }] },
      { column_headers: { type: "array", items: TEXT, default: ["Column 1", "Column 2", "Column 3"] } },
    ),
    output: ["result"],
    more: INPUT,
  },
  output: {
    input: ioInputs(ANY, { format: { type: "string", default: "" }, escape_html: { type: "boolean", default: false } }),
    output: ["output", "name"],
    more: { ui_type: "Output", static_output: true },
  },
  fillTemplate: {
    input: object(
      {
        values: { type: "object", additionalProperties: {} },
        format: TEXT,
        escape_html: { type: "boolean", default: false },
      },
      ["values", "format"],
    ),
    output: ["output"],
  },
  combineTexts: {
    input: object({ input: { type: "array", items: TEXT }, delimiter: { type: "string", default: "" } }, ["input"]),
    output: ["output"],
  },
  createDictionary: {
    input: object({ values: { type: "object", additionalProperties: {} } }, ["values"]),
    output: ["dictionary"],
  },
  createList: {
    input: object(
      {
        values: { type: "array", items: {} },
        max_size: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }], default: null },
        max_tokens: { anyOf: [{ type: "integer" }, { type: "null" }], default: null, depends_on: ["max_size"] },
      },
      ["values"],
    ),
    output: ["list"],
  },
  addToList: {
    input: object({
      list: { type: "array", items: {}, default: [] },
      entry: { default: null },
      entries: { type: "array", items: {}, default: [] },
      position: { anyOf: [{ type: "integer" }, { type: "null" }], default: null },
    }),
    output: ["updated_list"],
  },
  calculator: {
    input: object(
      {
        operation: { type: "string", enum: ["Add", "Subtract", "Multiply", "Divide", "Power"] },
        a: { type: "number" },
        b: { type: "number" },
        round_result: { type: "boolean", default: false },
      },
      ["operation", "a", "b"],
    ),
    output: ["result"],
  },
  countdown: {
    input: object({
      input_message: { default: "timer finished" },
      seconds: { anyOf: [{ type: "integer" }, { type: "string" }], default: 0 },
      repeat: { type: "integer", minimum: 1, maximum: 1000, default: 1 },
    }),
    output: ["output_message"],
    more: { pool: "cpu" },
  },
  webRequest: {
    input: object(
      {
        url: TEXT,
        method: { type: "string", enum: ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"], default: "POST" },
        headers: { type: "object", additionalProperties: TEXT, default: {} },
      },
      ["url"],
    ),
    output: ["response", "client_error", "server_error"],
    more: {
      effects: "once",
      effects_by: { pin: "method", effects: { GET: "idempotent", PUT: "idempotent" } },
    },
  },
  authenticatedWebRequest: {
    input: object(
      {
        url: TEXT,
        credentials: {
          ...CREDENTIALS,
          credentials_provider: ["http"],
          credentials_types: ["host_scoped"],
          discriminator: "url",
        },
      },
      ["url", "credentials"],
    ),
    output: ["response"],
    more: { effects: "once" },
  },
  textGenerator: {
    input: object(
      {
        prompt: TEXT,
        model: { type: "string", default: "gpt-4o" },
        credentials: {
          ...CREDENTIALS,
          credentials_provider: ["openai", "anthropic"],
          credentials_types: ["api_key"],
          discriminator: "model",
          discriminator_mapping: { "gpt-4o": "openai", "claude-sonnet": "anthropic" },
        },
        prompt_values: { type: "object", additionalProperties: TEXT, default: {} },
        api_secret: { type: "string", default: "", secret: true },
      },
      ["prompt", "credentials"],
    ),
    output: ["response", "prompt"],
    more: { effects: "once", timeout_ms: 300_000 },
  },
  orchestrator: {
    input: object({ prompt: TEXT }, ["prompt"]),
    output: ["tools", "finished", "conversations"],
    more: { ui_type: "AI" },
  },
  humanInTheLoop: {
    input: object({ data: ANY, name: TEXT, editable: { type: "boolean", default: true } }, ["data", "name"]),
    output: ["approved_data", "rejected_data", "review_message"],
    more: { ui_type: "Human In The Loop" },
  },
  collect: {
    input: object({ item: ANY, count: { type: "integer", minimum: 0, maximum: 100_000 } }, ["item"]),
    output: ["list", "count"],
    more: { gathers: { pin: "item", count_pin: "count" } },
  },
  agent: {
    input: object(
      {
        user_id: TEXT,
        graph_id: TEXT,
        graph_version: { type: "integer" },
        agent_name: TEXT_OR_NULL,
        inputs: { type: "object", additionalProperties: {} },
        input_schema: { type: "object" },
        output_schema: { type: "object" },
      },
      ["user_id", "graph_id", "graph_version", "inputs", "input_schema", "output_schema"],
    ),
    output: [],
    more: { ui_type: "Agent" },
  },
  mcpTool: {
    input: object(
      {
        server_url: TEXT,
        selected_tool: { type: "string", default: "" },
        tool_input_schema: { type: "object", default: {} },
        tool_arguments: { type: "object", default: {} },
      },
      ["server_url"],
    ),
    output: ["result"],
    more: { ui_type: "MCP Tool" },
  },
  webhook: {
    input: object({
      payload: { type: "object", default: {}, hidden: true },
      constants: { type: "object", default: {} },
    }),
    output: ["payload", "constants"],
    more: { ui_type: "Webhook (manual)" },
  },
  sendEmail: {
    input: object({ to_email: TEXT, subject: TEXT, body: TEXT }, ["to_email", "subject", "body"]),
    output: ["status"],
    more: { effects: "once", sensitive: true },
  },
};

const NO_ERROR_PIN: ReadonlySet<string> = new Set(["Input", "Output", "Note", "Agent"]);

function describe(id: string, name: string, { input, output, more = {} }: Sketch): BlockDescriptor {
  const pins = NO_ERROR_PIN.has(more.ui_type ?? "Standard") ? output : [...output, "error"];
  return {
    id,
    name,
    description: `Test stand-in with the pins of ${name}.`,
    categories: ["BASIC"],
    ui_type: "Standard",
    static_output: false,
    effects: "pure",
    pool: "io",
    timeout_ms: 600_000,
    input_schema: input,
    output_schema: object(Object.fromEntries(pins.map((pin) => [pin, {}]))),
    disabled: false,
    ...more,
  };
}

const DESCRIPTORS = new Map(
  Object.entries(SKETCHES).map(([name, sketch]) => {
    const id = BLOCK[name as keyof typeof BLOCK];
    return [id as string, describe(id, name, sketch)];
  }),
);

/** Descriptors with real ids and pins for tests of the graph model, which may not import the blocks themselves. */
export const testCatalog: BlockCatalog & { all(): BlockDescriptor[] } = {
  get: (blockId) => DESCRIPTORS.get(blockId),
  all: () => [...DESCRIPTORS.values()],
};
