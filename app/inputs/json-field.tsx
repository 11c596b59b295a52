import { JsonInput, SegmentedControl, Stack, Textarea } from "@mantine/core";
import type { FieldProps } from "@rjsf/utils";
import { useState } from "react";
import { useI18n } from "#app/i18n/i18n.tsx";

type Mode = "text" | "json";

/** Asks for a value of any type: as text, or as JSON where text will not do. */
export function AnyField(props: FieldProps<unknown>) {
  const { t } = useI18n();
  const [mode, setMode] = useState<Mode>(
    props.formData === undefined || typeof props.formData === "string" ? "text" : "json",
  );
  return (
    <Stack gap={4}>
      {mode === "text" ? <TextEntry {...props} /> : <JsonEntry {...props} />}
      <SegmentedControl
        size="xs"
        style={{ alignSelf: "flex-start" }}
        value={mode}
        onChange={(next) => setMode(next === "json" ? "json" : "text")}
        data={[
          { value: "text", label: t.form.as_text },
          { value: "json", label: t.form.as_json },
        ]}
        aria-label={labelOf(props)}
      />
    </Stack>
  );
}

function TextEntry(props: FieldProps<unknown>) {
  const { formData, onChange, fieldPathId, required, rawErrors } = props;
  const text = typeof formData === "string" ? formData : formData === undefined ? "" : JSON.stringify(formData);
  return (
    <Textarea
      id={fieldPathId.$id}
      label={labelOf(props)}
      description={props.schema.description}
      required={required === true}
      autosize
      minRows={1}
      maxRows={12}
      value={text}
      disabled={props.disabled === true}
      error={rawErrors?.join("\n")}
      onChange={(event) =>
        onChange(event.currentTarget.value === "" ? undefined : event.currentTarget.value, fieldPathId.path)
      }
    />
  );
}

/** Asks for a list or an object whose shape nobody declared. */
export function JsonEntry(props: FieldProps<unknown>) {
  const { t } = useI18n();
  const { formData, onChange, fieldPathId, required, rawErrors } = props;
  const [text, setText] = useState(formData === undefined ? "" : JSON.stringify(formData, null, 2));
  const [problem, setProblem] = useState<string | null>(null);

  function change(next: string) {
    setText(next);
    if (next.trim() === "") {
      setProblem(null);
      onChange(undefined, fieldPathId.path);
      return;
    }
    try {
      const value: unknown = JSON.parse(next);
      setProblem(null);
      onChange(value, fieldPathId.path);
    } catch (error) {
      // What was valid before stays out of the run: an unfinished text must not start one with old values.
      setProblem(t.form.not_json(error instanceof Error ? error.message : String(error)));
      onChange(undefined, fieldPathId.path);
    }
  }

  return (
    <JsonInput
      id={fieldPathId.$id}
      label={labelOf(props)}
      description={props.schema.description}
      required={required === true}
      autosize
      minRows={2}
      maxRows={16}
      value={text}
      disabled={props.disabled === true}
      error={problem ?? rawErrors?.join("\n")}
      onChange={change}
    />
  );
}

function labelOf(props: FieldProps<unknown>): string {
  return props.schema.title ?? props.name;
}
