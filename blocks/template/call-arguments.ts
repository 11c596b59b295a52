import type { RenderBudget } from "./render-budget.ts";
import type { Plain } from "./runtime-values.ts";
import { templateFailed, templateTooCostly } from "./template-error.ts";

/** A method's arguments, keyword arguments by name. */
export interface CallArguments {
  args: Plain[];
  kwargs: ReadonlyMap<string, Plain>;
  budget: RenderBudget;
}

/** Widest field that padding and indenting may make. */
export const MAX_WIDTH = 10_000;

/** `args[index]` or the keyword argument `name`. */
export function argument(call: CallArguments, index: number, name: string): Plain {
  return call.args[index] ?? call.kwargs.get(name);
}

export function textArgument(call: CallArguments, index: number, name: string, fallback?: string): string {
  const value = argument(call, index, name) ?? fallback;
  if (typeof value !== "string") {
    throw templateFailed(`the argument "${name}" must be a text.`);
  }
  return value;
}

export function numberArgument(call: CallArguments, index: number, name: string, fallback?: number): number {
  const value = argument(call, index, name) ?? fallback;
  if (typeof value !== "number") {
    throw templateFailed(`the argument "${name}" must be a number.`);
  }
  return value;
}

export function widthArgument(call: CallArguments, index: number, name: string, fallback?: number): number {
  const width = numberArgument(call, index, name, fallback);
  if (width > MAX_WIDTH) {
    throw templateTooCostly(`"${name}" may be at most ${MAX_WIDTH}.`);
  }
  return Math.max(0, Math.trunc(width));
}
