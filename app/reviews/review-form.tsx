import { Button, Checkbox, Group, Input, Stack, Textarea } from "@mantine/core";
import { Check, X } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { ValueView } from "#app/components/value-view.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import { ValueEditor } from "#app/inputs/value-editor.tsx";
import { editedData, type ReviewDraft, toDecision } from "./review-draft.ts";
import type { ReviewQuestion } from "./review-question.ts";
import classes from "./reviews.module.css";
import type { Decision } from "./use-decide.ts";

interface ReviewFormProps {
  question: ReviewQuestion;
  draft: ReviewDraft;
  busy: boolean;
  onChange: (draft: ReviewDraft) => void;
  onDecide: (decision: Decision) => void;
}

const MOST_MESSAGE = 10_000;

/** One question to a person: the data, and what they say to it. */
export function ReviewForm({ question, draft, busy, onChange, onDecide }: ReviewFormProps) {
  const { t } = useI18n();
  const editor = useRef<HTMLTextAreaElement>(null);
  const [choice, setChoice] = useState<boolean | null>(null);
  const edited = editedData(question, draft);
  const decide = (approved: boolean) => {
    if ("problem" in edited) {
      editor.current?.focus();
      return;
    }
    setChoice(approved);
    onDecide(toDecision(draft, approved, edited));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    decide(true);
  };
  return (
    <form onSubmit={submit} className={classes.form}>
      <div>
        {question.editable ? (
          <ValueEditor
            label={t.review.data}
            description={t.review.data_hint}
            value={question.data}
            draft={draft}
            disabled={busy}
            onChange={(edited) => onChange({ ...draft, ...edited })}
            editor={editor}
          />
        ) : (
          <Input.Wrapper label={t.review.data} description={t.review.read_only} labelElement="div">
            <ValueView value={question.data} />
          </Input.Wrapper>
        )}
      </div>
      <Stack gap="sm">
        <Textarea
          label={t.review.message}
          description={t.review.message_hint}
          autosize
          minRows={1}
          maxRows={6}
          maxLength={MOST_MESSAGE}
          value={draft.message}
          disabled={busy}
          onChange={(event) => onChange({ ...draft, message: event.currentTarget.value })}
        />
        <Checkbox
          size="sm"
          label={t.review.approve_further}
          description={t.review.approve_further_hint}
          checked={draft.approveFurther}
          disabled={busy}
          onChange={(event) => onChange({ ...draft, approveFurther: event.currentTarget.checked })}
        />
        <Group gap="xs">
          <Button
            type="submit"
            color="green"
            leftSection={<Check size={15} aria-hidden />}
            loading={busy && choice === true}
            disabled={busy}
          >
            {t.review.approve}
          </Button>
          <Button
            type="button"
            color="red"
            variant="light"
            leftSection={<X size={15} aria-hidden />}
            loading={busy && choice === false}
            disabled={busy}
            onClick={() => decide(false)}
          >
            {t.review.reject}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
