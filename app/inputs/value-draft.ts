import { jsonEquals } from "#graph/json-value.ts";
import type { JsonValue } from "#graph/json.ts";

/** How a value is edited: `text` is the value itself, `json` its notation. */
export type EditMode = "text" | "json";

/** A value as it stands in an editor. */
export interface ValueDraft {
  text: string;
  mode: EditMode;
}

export function modeFor(value: JsonValue): EditMode {
  return typeof value === "string" ? "text" : "json";
}

export function newValueDraft(value: JsonValue): ValueDraft {
  const mode = modeFor(value);
  return { text: toEditorText(value, mode), mode };
}

/** What the editor begins with. */
export function toEditorText(value: JsonValue, mode: EditMode): string {
  return mode === "text" && typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

export type Edited = { ok: true; value: JsonValue } | { ok: false; detail: string };

/** What the editor's text means. */
export function fromEditorText({ text, mode }: ValueDraft): Edited {
  if (mode === "text") {
    return { ok: true, value: text };
  }
  try {
    return { ok: true, value: JSON.parse(text) as JsonValue };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** The same value in the other notation; text that is no JSON yet stays as it is. */
export function switchMode(draft: ValueDraft, mode: EditMode): ValueDraft {
  const edited = fromEditorText(draft);
  const text =
    edited.ok && (mode === "json" || typeof edited.value === "string") ? toEditorText(edited.value, mode) : draft.text;
  return { mode, text };
}

/** What stands in the editor, if it differs from what stood there first. */
export function editOf(first: JsonValue, draft: ValueDraft): { problem: string } | { value?: JsonValue } {
  const edited = fromEditorText(draft);
  if (!edited.ok) {
    return { problem: edited.detail };
  }
  return jsonEquals(edited.value, first) ? {} : { value: edited.value };
}
