/**
 * docs/api.md out of the OpenAPI document. Pure: the same document always gives the same text.
 */

/** The part of JSON Schema that the document uses. */
export interface DocumentedSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  description?: string;
  properties?: Record<string, DocumentedSchema>;
  required?: string[];
  items?: DocumentedSchema;
  additionalProperties?: boolean | DocumentedSchema;
  allOf?: DocumentedSchema[];
  anyOf?: DocumentedSchema[];
  oneOf?: DocumentedSchema[];
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  default?: unknown;
}

interface Content {
  schema?: DocumentedSchema;
}

interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: DocumentedSchema }[];
  requestBody?: { content?: Record<string, Content> };
  responses?: Record<string, { description?: string; content?: Record<string, Content> }>;
}

export interface DocumentedApi {
  info: { title: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, DocumentedSchema> };
}

const NOTICE = "<!-- Written by `npm run docs:api` from the routes and contracts. Change those, not this page. -->";
const METHODS = ["get", "post", "put", "patch", "delete"];

export function generateApiDocs(api: DocumentedApi): string {
  const sections = [
    `# ${api.info.title}`,
    NOTICE,
    api.info.description ?? "",
    "A running server shows the same at `/api/docs`, and the OpenAPI document at `/api/openapi.json`. AutoGPT's external API v1 is at `/external-api/v1`.",
    ...operationSections(api),
    "## Shapes",
    ...Object.entries(api.components.schemas).map(([name, schema]) => shapeSection(name, schema)),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function operationSections({ paths }: DocumentedApi): string[] {
  const byTag = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of METHODS) {
      const operation = methods[method];
      if (operation !== undefined) {
        const tag = operation.tags?.[0] ?? "Other";
        byTag.set(tag, [...(byTag.get(tag) ?? []), operationSection(`${method.toUpperCase()} ${path}`, operation)]);
      }
    }
  }
  return [...byTag].flatMap(([tag, sections]) => [`## ${tag}`, ...sections]);
}

function operationSection(title: string, operation: Operation): string {
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  return [
    `### ${title}`,
    [operation.summary === undefined ? "" : `${operation.summary}.`, operation.description ?? ""]
      .filter(Boolean)
      .join(" "),
    parameterTable(operation),
    body === undefined ? "" : `Body: ${typeOf(body)}`,
    responseTable(operation),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function parameterTable({ parameters = [] }: Operation): string {
  const rows = parameters.map(({ name, in: place, required, schema = {}, description }) => [
    `\`${name}\``,
    place,
    typeOf(schema),
    meaning({ description, ...schema }, required === true),
  ]);
  return table(["Parameter", "In", "Type", "Meaning"], rows);
}

function responseTable({ responses = {} }: Operation): string {
  const rows = Object.entries(responses).map(([status, { description, content = {} }]) => {
    const bodies = Object.entries(content).map(([type, { schema = {} }]) =>
      type === "application/json" ? typeOf(schema) : `\`${type}\``,
    );
    return [status, bodies.join(" or "), description ?? ""];
  });
  return table(["Answer", "Body", "When"], rows);
}

function shapeSection(name: string, schema: DocumentedSchema): string {
  const variants = schema.oneOf ?? schema.anyOf;
  return [
    `### ${name}`,
    schema.description ?? "",
    variants === undefined ? fieldsOf(schema) : ["One of:", ...variants.map(variant)].join("\n\n"),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** A variant of a union is named by its `type`, when it has one. */
function variant(schema: DocumentedSchema): string {
  const type = schema.properties?.type?.enum?.[0];
  return typeof type === "string" ? `**\`${type}\`**\n\n${fieldsOf(schema)}` : typeOf(schema);
}

function fieldsOf(schema: DocumentedSchema): string {
  const parts = schema.allOf ?? [schema];
  const bases = parts.filter((part) => part.$ref !== undefined).map((part) => `All of ${typeOf(part)}, and:`);
  const rows = parts.flatMap((part) =>
    Object.entries(part.properties ?? {}).map(([name, field]) => [
      `\`${name}\``,
      typeOf(field),
      meaning(field, part.required?.includes(name) === true),
    ]),
  );
  const fields = rows.length === 0 && bases.length === 0 ? typeOf(schema) : table(["Field", "Type", "Meaning"], rows);
  return [...bases, fields].filter((part) => part !== "").join("\n\n");
}

function typeOf(schema: DocumentedSchema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `[${name}](#${name.toLowerCase()})`;
  }
  const variants = schema.allOf ?? schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) {
    return [...new Set(variants.map(typeOf))].join(schema.allOf === undefined ? " or " : " and ");
  }
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
  }
  const types = [schema.type ?? []].flat();
  return types.length === 0 || types.length > 4
    ? "any JSON value"
    : types.map((type) => typeName(type, schema)).join(" or ");
}

function typeName(type: string, schema: DocumentedSchema): string {
  if (type === "array") {
    return `list of ${schema.items === undefined ? "any JSON value" : typeOf(schema.items)}`;
  }
  if (type === "object" && typeof schema.additionalProperties === "object") {
    return `object of ${typeOf(schema.additionalProperties)}`;
  }
  return type === "string" && schema.format === "date-time" ? "time (ISO 8601, UTC)" : type;
}

function meaning(schema: DocumentedSchema, required: boolean): string {
  const notes = [
    required || schema.default !== undefined ? "" : "optional",
    schema.default === undefined ? "" : `default \`${JSON.stringify(schema.default)}\``,
    bounds(schema.minimum, schema.maximum),
    schema.maxLength === undefined ? "" : `at most ${schema.maxLength} characters`,
  ].filter((note) => note !== "");
  return [schema.description ?? "", notes.length === 0 ? "" : `(${notes.join("; ")})`].filter(Boolean).join(" ");
}

/** zod bounds every integer by what a double can hold, which tells nobody anything. */
function bounds(minimum: number | undefined, maximum: number | undefined): string {
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? "" : `from ${minimum}`;
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? "" : `to ${maximum}`;
  return [least, most].filter(Boolean).join(" ");
}

function table(head: string[], rows: string[][]): string {
  if (rows.length === 0) {
    return "";
  }
  const lines = [head, head.map(() => "---"), ...rows.map((row) => row.map(cell))];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
}
