import { renderTemplate } from "#blocks/template/render-template.ts";

/**
 * Fills in the values of `prompt_values`. Without any values the text stays as it is, braces and all (autogpt.md §6.2: prompts are
 * templates of their values). Throws `renderTemplate`'s BlockErrors.
 */
export function fillPrompt(text: string, values: Record<string, string>): string {
  return Object.keys(values).length === 0 ? text : renderTemplate(text, values);
}
