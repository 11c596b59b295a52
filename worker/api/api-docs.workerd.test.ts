import { expect, test } from "vitest";
import { generateApiDocs } from "./api-docs.ts";
import type { DocumentedApi } from "./api-docs.ts";
import { createApi } from "./app.ts";

async function openApiDocument(): Promise<DocumentedApi> {
  const answer = await createApi().request("/api/openapi.json");
  return answer.json();
}

test("docs/api.md is what the routes and contracts say (npm run docs:api writes it)", async () => {
  await expect(generateApiDocs(await openApiDocument())).toMatchFileSnapshot("../../docs/api.md");
});

test("the page tells parameters, bodies, answers and fields", async () => {
  const page = generateApiDocs(await openApiDocument());
  expect(page).toContain("### POST /api/v1/executions\n\nRun a graph.");
  expect(page).toContain("Body: [StartExecution](#startexecution)");
  expect(page).toContain("| 202 | [Execution](#execution) | The run goes on. |");
  expect(page).toContain("| `id` | path | string |");
  expect(page).toMatch(/\| `wait_seconds` \| number \| .*\(default `0`; from 0 to 60\) \|/);
  expect(page).toContain("**`node_output`**");
});
