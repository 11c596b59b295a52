import * as z from "zod";
import type { AppServices } from "#worker/contracts/app-context.ts";
import { refusalLines } from "#app/refusal-lines.ts";
import { asRefusal } from "#app/services.server.ts";
import type { ImportOutcome } from "./import-outcome.ts";

const MAX_FILES = 50;
const MAX_SHOWN_PROBLEMS = 5;

const requestSchema = z.object({
  intent: z.literal("import"),
  files: z.array(z.object({ name: z.string().max(300), content: z.unknown() })).min(1).max(MAX_FILES),
});
export type ImportRequest = z.infer<typeof requestSchema>;

export function parseImportRequest(body: unknown): ImportRequest | undefined {
  return requestSchema.safeParse(body).data;
}

/** Imports the files one after the other: a bad one does not hold up the good ones. */
export async function importAgents(services: AppServices, request: ImportRequest): Promise<ImportOutcome[]> {
  const outcomes: ImportOutcome[] = [];
  for (const file of request.files) {
    outcomes.push(await importOne(services, file));
  }
  return outcomes;
}

async function importOne(services: AppServices, file: { name: string; content: unknown }): Promise<ImportOutcome> {
  try {
    const { graph, problems } = await services.graphs.import(file.content);
    return {
      kind: "imported",
      file: file.name,
      graph: { id: graph.id, name: graph.name },
      problems: problems.slice(0, MAX_SHOWN_PROBLEMS),
      problem_count: problems.length,
    };
  } catch (error) {
    const refusal = asRefusal(error);
    if (refusal === undefined) {
      throw error;
    }
    return { kind: "refused", file: file.name, message: refusal.message, details: refusalLines(refusal.details, MAX_SHOWN_PROBLEMS) };
  }
}
