import type { JsonValue } from "#graph/json.ts";
import { editOf, newValueDraft, type ValueDraft } from "#app/inputs/value-draft.ts";
import type { ReviewQuestion } from "./review-question.ts";
import type { Decision } from "./use-decide.ts";

/** What a person has written under a review and not sent yet. */
export interface ReviewDraft extends ValueDraft {
  message: string;
  approveFurther: boolean;
}

export function newDraft({ data }: ReviewQuestion): ReviewDraft {
  return { ...newValueDraft(data), message: "", approveFurther: false };
}

/** What stands in the editor, if it differs from what was asked. */
export function editedData(question: ReviewQuestion, draft: ReviewDraft): { problem: string } | { data?: JsonValue } {
  if (!question.editable) {
    return {};
  }
  const edit = editOf(question.data, draft);
  if ("problem" in edit) {
    return edit;
  }
  return edit.value === undefined ? {} : { data: edit.value };
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
