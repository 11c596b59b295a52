import type { JsonSchema } from "#graph/json.ts";

/** What the model is told about the form of its answer, besides the person's own system prompt. */
export function formatInstructions(schema: JsonSchema, list: boolean): string {
  return [
    `Answer with one JSON ${list ? "object that holds the list of results" : "object"} and nothing else: no introduction, no explanation, no code fence.`,
    "It must be valid JSON that follows this JSON Schema; every required key must be there, with null where you have no answer:",
    JSON.stringify(schema, null, 2),
  ].join("\n");
}

/** What the model is told when its answer could not be used. */
export function correction(problem: string, cutOff: boolean): string {
  const reason = cutOff ? "It was cut off because it is too long; be briefer." : problem;
  return `That answer cannot be used. ${reason} Answer again, in full, with the JSON object only.`;
}
