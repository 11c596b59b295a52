import { Checkbox, Input, Textarea, TextInput } from "@mantine/core";
import type { WidgetProps } from "@rjsf/utils";
import { useId, useState } from "react";
import { useI18n } from "#app/i18n/i18n.tsx";

const MAX_FILE_MEGABYTES = 5;

type NativeType = "date" | "time" | "datetime-local";

function nativeInput(type: NativeType) {
  /** The browser's own control: it speaks the reader's language and works on phones. Its value is ISO 8601. */
  function NativeInput(props: WidgetProps) {
    return (
      <TextInput
        id={props.id}
        type={type}
        label={props.label}
        description={props.schema.description}
        required={props.required === true}
        disabled={props.disabled === true}
        value={typeof props.value === "string" ? props.value : ""}
        error={props.rawErrors?.join("\n")}
        onChange={(event) => props.onChange(event.currentTarget.value === "" ? undefined : event.currentTarget.value)}
      />
    );
  }
  return NativeInput;
}

export const DateInput = nativeInput("date");
export const TimeInput = nativeInput("time");
export const DateTimeInput = nativeInput("datetime-local");

export function LongTextInput(props: WidgetProps) {
  return (
    <Textarea
      id={props.id}
      label={props.label}
      description={props.schema.description}
      required={props.required === true}
      disabled={props.disabled === true}
      autosize
      minRows={3}
      maxRows={16}
      value={typeof props.value === "string" ? props.value : ""}
      error={props.rawErrors?.join("\n")}
      onChange={(event) => props.onChange(event.currentTarget.value === "" ? undefined : event.currentTarget.value)}
    />
  );
}

export function ToggleInput(props: WidgetProps) {
  return (
    <Checkbox
      id={props.id}
      label={props.label}
      description={props.schema.description}
      required={props.required === true}
      disabled={props.disabled === true}
      checked={props.value === true}
      error={props.rawErrors?.join("\n")}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
    />
  );
}

/** A file as a data URL, which is what file pins take (autogpt.md §4.5). */
export function FileUrlInput(props: WidgetProps) {
  const { t } = useI18n();
  const [problem, setProblem] = useState<string | null>(null);
  const hint = useId();

  async function read(file: File | undefined) {
    setProblem(null);
    if (file === undefined) {
      props.onChange(undefined);
      return;
    }
    if (file.size > MAX_FILE_MEGABYTES * 1_000_000) {
      setProblem(t.form.file_too_large(MAX_FILE_MEGABYTES));
      props.onChange(undefined);
      return;
    }
    props.onChange(await toDataUrl(file));
  }

  return (
    <Input.Wrapper
      id={props.id}
      label={props.label}
      description={props.schema.description}
      required={props.required === true}
      error={problem ?? props.rawErrors?.join("\n")}
    >
      <input
        id={props.id}
        type="file"
        aria-describedby={hint}
        disabled={props.disabled === true}
        onChange={(event) => void read(event.currentTarget.files?.[0])}
        style={{ maxWidth: "100%" }}
      />
    </Input.Wrapper>
  );
}

function toDataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("The file could not be read"));
    reader.readAsDataURL(file);
  });
}
