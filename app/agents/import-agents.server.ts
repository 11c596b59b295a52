import * as z from "zod";
import type { AppServices } from "#worker/contracts/app-context.ts";
import { refusalLines } from "#app/refusal-lines.ts";
import { asRefusal } from "#app/services.server.ts";
import type { ImportOutcome } from "./import-outcome.ts";

const MAX_FILES = 50;
const MAX_SHOWN_PROBLEMS = 5;

const fileSchema = z.object({ name: z.string().max(300), content: z.unknown() });
const requestSchema = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("import"), files: z.array(fileSchema).min(1).max(MAX_FILES) }),
  z.object({ intent: z.literal("example"), id: z.string().max(100) }),
]);

/** What the list's forms ask for; undefined for anything else. */
export function parseAgentsRequest(body: unknown): z.infer<typeof requestSchema> | undefined {
  return requestSchema.safeParse(body).data;
}

type AgentUpload = z.infer<typeof fileSchema>;

/** Imports the files one after the other: a bad one does not hold up the good ones. */
export async function importAgents(services: AppServices, files: readonly AgentUpload[]): Promise<ImportOutcome[]> {
  const outcomes: ImportOutcome[] = [];
  for (const file of files) {
    outcomes.push(await importOne(services, file));
  }
  return outcomes;
}

async function importOne(services: AppServices, file: AgentUpload): Promise<ImportOutcome> {
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
    return {
      kind: "refused",
      file: file.name,
      message: refusal.message,
      details: refusalLines(refusal.details, MAX_SHOWN_PROBLEMS),
    };
  }
}
