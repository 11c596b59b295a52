import { BlockError } from "#blocks/define-block.ts";

/** The template cannot be parsed. */
export function invalidTemplate(message: string, cause?: unknown): BlockError {
  return new BlockError("invalid_template", `The template is not valid: ${message}`, { cause });
}

/** The template parses but fails with these values. */
export function templateFailed(message: string, cause?: unknown): BlockError {
  return new BlockError("template_failed", `The template could not be filled in: ${message}`, { cause });
}

/** Rendering went over one of the limits of `RenderBudget`. */
export function templateTooCostly(message: string): BlockError {
  return new BlockError("template_too_costly", `The template was stopped: ${message}`);
}
