import { Button, Checkbox, Group, Input, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { Check, Undo2, X } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { ValueView } from "#app/components/value-view.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import { editedData, newDraft, type ReviewDraft, switchMode, toDecision } from "./review-draft.ts";
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
          <DataEditor question={question} draft={draft} busy={busy} onChange={onChange} editor={editor} />
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

interface DataEditorProps extends Omit<ReviewFormProps, "onDecide"> {
  editor: React.RefObject<HTMLTextAreaElement | null>;
}

/** The data as text where it is text, as JSON where it is not or shall not stay so. */
function DataEditor({ question, draft, busy, onChange, editor }: DataEditorProps) {
  const { t } = useI18n();
  const edited = editedData(question, draft);
  const touched = "problem" in edited || edited.data !== undefined;
  const { text, mode } = newDraft(question);
  return (
    <Stack gap={6}>
      <Textarea
        ref={editor}
        label={t.review.data}
        description={t.review.data_hint}
        autosize
        minRows={2}
        maxRows={14}
        spellCheck={draft.mode === "text"}
        classNames={draft.mode === "json" ? { input: classes.code } : {}}
        value={draft.text}
        disabled={busy}
        error={"problem" in edited ? t.form.not_json(edited.problem) : undefined}
        onChange={(event) => onChange({ ...draft, text: event.currentTarget.value })}
      />
      <Group gap="xs">
        {typeof question.data === "string" && (
          <SegmentedControl
            size="xs"
            value={draft.mode}
            disabled={busy}
            onChange={(next) => onChange(switchMode(draft, next === "json" ? "json" : "text"))}
            data={[
              { value: "text", label: t.form.as_text },
              { value: "json", label: t.form.as_json },
            ]}
            aria-label={t.review.data}
          />
        )}
        {touched && (
          <>
            <Text size="xs" fw={600}>
              {t.review.edited}
            </Text>
            <Button
              variant="subtle"
              size="compact-xs"
              leftSection={<Undo2 size={12} aria-hidden />}
              disabled={busy}
              onClick={() => onChange({ ...draft, text, mode })}
            >
              {t.review.undo}
            </Button>
          </>
        )}
      </Group>
    </Stack>
  );
}
