import { Button, Group, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { Undo2 } from "lucide-react";
import type { RefObject } from "react";
import type { JsonValue } from "#graph/json.ts";
import { useI18n } from "#app/i18n/i18n.tsx";
import { editOf, newValueDraft, switchMode, type ValueDraft } from "./value-draft.ts";
import classes from "./value-editor.module.css";

interface ValueEditorProps {
  label: string;
  description?: string;
  /** What stood there first. */
  value: JsonValue;
  draft: ValueDraft;
  disabled: boolean;
  minRows?: number;
  onChange: (draft: ValueDraft) => void;
  editor?: RefObject<HTMLTextAreaElement | null>;
}

/** A value as text where it is text, as JSON where it is not or shall not stay so. */
export function ValueEditor(props: ValueEditorProps) {
  const { label, description, value, draft, disabled, minRows = 2, onChange, editor } = props;
  const { t } = useI18n();
  const edit = editOf(value, draft);
  const touched = "problem" in edit || edit.value !== undefined;
  return (
    <Stack gap={6}>
      <Textarea
        {...(editor === undefined ? {} : { ref: editor })}
        label={label}
        description={description}
        autosize
        minRows={minRows}
        maxRows={14}
        spellCheck={draft.mode === "text"}
        classNames={draft.mode === "json" ? { input: classes.code } : {}}
        value={draft.text}
        disabled={disabled}
        error={"problem" in edit ? t.form.not_json(edit.problem) : undefined}
        onChange={(event) => onChange({ ...draft, text: event.currentTarget.value })}
      />
      {(typeof value === "string" || touched) && (
        <Group gap="xs">
          {typeof value === "string" && (
            <SegmentedControl
              size="xs"
              value={draft.mode}
              disabled={disabled}
              onChange={(next) => onChange(switchMode(draft, next === "json" ? "json" : "text"))}
              data={[
                { value: "text", label: t.form.as_text },
                { value: "json", label: t.form.as_json },
              ]}
              aria-label={label}
            />
          )}
          {touched && (
            <>
              <Text size="xs" fw={600}>
                {t.form.edited}
              </Text>
              <Button
                variant="subtle"
                size="compact-xs"
                leftSection={<Undo2 size={12} aria-hidden />}
                disabled={disabled}
                onClick={() => onChange(newValueDraft(value))}
              >
                {t.form.undo}
              </Button>
            </>
          )}
        </Group>
      )}
    </Stack>
  );
}
