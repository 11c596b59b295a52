import { jsonEquals } from "#graph/json-value.ts";
import type { JsonValue } from "#graph/json.ts";
import { type EditMode, fromEditorText, modeFor, type ReviewQuestion, toEditorText } from "./review-question.ts";
import type { Decision } from "./use-decide.ts";

/** What a person has written under a review and not sent yet. */
export interface ReviewDraft {
  text: string;
  mode: EditMode;
  message: string;
  approveFurther: boolean;
}

export function newDraft({ data }: ReviewQuestion): ReviewDraft {
  const mode = modeFor(data);
  return { text: toEditorText(data, mode), mode, message: "", approveFurther: false };
}

/** The same data in the other notation; text that is no JSON yet stays as it is. */
export function switchMode(draft: ReviewDraft, mode: EditMode): ReviewDraft {
  const edited = fromEditorText(draft.text, draft.mode);
  const text =
    edited.ok && (mode === "json" || typeof edited.data === "string") ? toEditorText(edited.data, mode) : draft.text;
  return { ...draft, mode, text };
}

/** What stands in the editor, if it differs from what was asked. */
export function editedData(question: ReviewQuestion, draft: ReviewDraft): { problem: string } | { data?: JsonValue } {
  if (!question.editable) {
    return {};
  }
  const edited = fromEditorText(draft.text, draft.mode);
  if (!edited.ok) {
    return { problem: edited.detail };
  }
  return jsonEquals(edited.data, question.data) ? {} : { data: edited.data };
}

/** Whether somebody would lose something with it. */
export function isTouched(question: ReviewQuestion, draft: ReviewDraft): boolean {
  const edited = editedData(question, draft);
  return draft.message !== "" || draft.approveFurther || "problem" in edited || edited.data !== undefined;
}

export function toDecision(draft: ReviewDraft, approved: boolean, edited: { data?: JsonValue }): Decision {
  const message = draft.message.trim();
  return {
    approved,
    ...edited,
    ...(message === "" ? {} : { message }),
    // What is rejected says nothing about what will be asked later.
    auto_approve_future: approved && draft.approveFurther,
  };
}
