import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiEnv } from "./api-env.ts";

/**
 * The API's reference as one page of plain HTML: it is made on the server from the OpenAPI document, loads nothing from anywhere and runs
 * no script, so that it works without a network and under the strictest policy.
 */

type OpenApiDocument = ReturnType<OpenAPIHono<ApiEnv>["getOpenAPI31Document"]>;
type Html = ReturnType<typeof html>;

interface Content {
  schema?: unknown;
}
interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: unknown }[];
  requestBody?: { content?: Record<string, Content> };
  responses?: Record<string, { description?: string; content?: Record<string, Content> }>;
}
interface Entry {
  id: string;
  method: string;
  path: string;
  operation: Operation;
}

const METHODS = ["get", "post", "put", "patch", "delete"];

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d8dbe2, #3a3f4a); --soft: light-dark(#f4f5f8, #1d2027); --link: light-dark(#2557d6, #8db1ff); }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.55 system-ui, sans-serif; background: light-dark(#fff, #14161b); color: light-dark(#1b1e25, #e6e8ee); }
.page { display: grid; grid-template-columns: 19rem minmax(0, 1fr); max-width: 82rem; margin: 0 auto; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem 1rem; border-right: 1px solid var(--line); }
nav ul { list-style: none; padding: 0; margin: 0 0 1rem; } nav li { padding: .15rem 0; overflow-wrap: anywhere; }
main { padding: 1.5rem 2rem 6rem; min-width: 0; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
section { border-top: 1px solid var(--line); padding: 1rem 0 1.5rem; }
code, pre { font: 13px/1.5 ui-monospace, monospace; } pre { background: var(--soft); padding: .8rem; overflow: auto; border-radius: 6px; }
.method { display: inline-block; min-width: 3.6rem; font: 700 12px/1.6 ui-monospace, monospace; text-transform: uppercase; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
summary { cursor: pointer; }
@media (max-width: 50rem) { .page { display: block; } nav { position: static; height: auto; border: 0; } }
`;

const styleHash = createHash("sha256").update(STYLE).digest("base64");
export const REFERENCE_CSP = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function referencePage(document: OpenApiDocument): Html {
  const entries = entriesOf(document);
  const tags = [...new Set(entries.map(tagOf))];
  const schemas = Object.entries(document.components?.schemas ?? {});
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${document.info.title}</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <div class="page">
          <nav aria-label="Contents">
            ${tags.map(
              (tag) =>
                html`<strong>${tag}</strong>
                  <ul>
                    ${entries.filter((entry) => tagOf(entry) === tag).map((item) => html`<li><span class="method">${item.method}</span> <a href="#${item.id}">${item.path.replace("/api/v1", "")}</a></li>`)}
                  </ul>`,
            )}
            <strong>Shapes</strong>
            <ul>
              ${schemas.map(([name]) => html`<li><a href="#schema-${name}">${name}</a></li>`)}
            </ul>
          </nav>
          <main>
            <h1>${document.info.title}</h1>
            <p>${document.info.description}</p>
            <p>The same as a document for programs: <a href="/api/openapi.json">/api/openapi.json</a></p>
            ${entries.map(operationSection)}
            <h2>Shapes</h2>
            ${schemas.map(
              ([name, schema]) =>
                html`<section id="schema-${name}">
                  <h3>${name}</h3>
                  ${schemaBlock(schema)}
                </section>`,
            )}
          </main>
        </div>
      </body>
    </html>`;
}

function tagOf({ operation }: Entry): string {
  return operation.tags?.[0] ?? "Other";
}

function entriesOf(document: OpenApiDocument): Entry[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = (item as Record<string, Operation | undefined>)[method];
      const id = `${method}${path}`.replaceAll(/[^A-Za-z0-9]+/g, "-");
      return operation === undefined ? [] : [{ id, method, path, operation }];
    }),
  );
}

function operationSection({ id, method, path, operation }: Entry): Html {
  const parameters = operation.parameters ?? [];
  return html`<section id="${id}">
    <h2>${operation.summary ?? path}</h2>
    <p><span class="method">${method}</span> <code>${path}</code></p>
    ${operation.description === undefined ? "" : html`<p>${operation.description}</p>`}
    ${parameters.length === 0 ? "" : parameterTable(parameters)}
    ${contentBlocks("Body", operation.requestBody?.content)}
    <h3>Answers</h3>
    ${Object.entries(operation.responses ?? {}).map(
      ([status, response]) =>
        html`<p><strong>${status}</strong> ${response.description ?? ""}</p>
          ${Number(status) < 300 ? contentBlocks("", response.content) : ""}`,
    )}
  </section>`;
}

function parameterTable(parameters: NonNullable<Operation["parameters"]>): Html {
  return html`<h3>Parameters</h3>
    <table>
      <thead>
        <tr>
          <th>Name</th>
          <th>In</th>
          <th>Meaning</th>
        </tr>
      </thead>
      <tbody>
        ${parameters.map(
          (parameter) =>
            html`<tr>
              <td><code>${parameter.name}</code>${parameter.required === true ? " (required)" : ""}</td>
              <td>${parameter.in}</td>
              <td>${parameter.description ?? ""} <code>${JSON.stringify(parameter.schema ?? {})}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

function contentBlocks(title: string, content: Record<string, Content> | undefined): Html | string {
  const blocks = Object.entries(content ?? {});
  if (blocks.length === 0) {
    return "";
  }
  return html`${title === "" ? "" : html`<h3>${title}</h3>`}
  ${blocks.map(
    ([type, { schema }]) =>
      html`<p><code>${type}</code></p>
        ${schemaBlock(schema)}`,
  )}`;
}

const REFERENCE = /^#\/components\/schemas\/([A-Za-z0-9_]+)$/;

function schemaBlock(schema: unknown): Html {
  const reference = REFERENCE.exec(String((schema as { $ref?: unknown } | undefined)?.$ref ?? ""))?.[1];
  return reference === undefined
    ? html`<pre>${JSON.stringify(schema, null, 2)}</pre>`
    : html`<p><a href="#schema-${reference}">${reference}</a></p>`;
}
