import { BlockError } from "#blocks/define-block.ts";

/** Longest message; it may quote the template. */
const MAX_MESSAGE = 500;

/** The template cannot be parsed. */
export function invalidTemplate(message: string, cause?: unknown): BlockError {
  return new BlockError("invalid_template", shorten(`The template is not valid: ${message}`), { cause });
}

/** The template parses but fails with these values. */
export function templateFailed(message: string, cause?: unknown): BlockError {
  return new BlockError("template_failed", shorten(`The template could not be filled in: ${message}`), { cause });
}

/** Rendering went over one of the limits of `RenderBudget`. */
export function templateTooCostly(message: string): BlockError {
  return new BlockError("template_too_costly", `The template was stopped: ${message}`);
}

function shorten(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
}
