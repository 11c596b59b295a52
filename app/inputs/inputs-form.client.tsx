import { withTheme, type FormProps } from "@rjsf/core";
import { Theme } from "@rjsf/mantine";
import {
  englishStringTranslator,
  type ObjectFieldTemplateProps,
  type RegistryFieldsType,
  type RegistryWidgetsType,
  type RJSFSchema,
  TranslatableString,
  type UiSchema,
} from "@rjsf/utils";
import { type ReactNode, useMemo, useState } from "react";
import { Stack } from "@mantine/core";
import type { JsonObject, JsonSchema } from "#graph/json.ts";
import type { Messages } from "#app/i18n/messages.ts";
import { useI18n } from "#app/i18n/i18n.tsx";
import { type FormSchema, type InputWidget, toFormSchema } from "./form-schema.ts";
import { createFormValidator } from "./form-validator.ts";
import { AnyField, JsonEntry } from "./json-field.tsx";
import classes from "./inputs-form.module.css";
import { DateInput, DateTimeInput, FileUrlInput, LongTextInput, TimeInput, ToggleInput } from "./native-widgets.tsx";

const ThemedForm = withTheme<JsonObject>(Theme);

const WIDGETS: RegistryWidgetsType<JsonObject> = {
  CheckboxWidget: ToggleInput,
  weftDate: DateInput,
  weftTime: TimeInput,
  weftDateTime: DateTimeInput,
  weftLongText: LongTextInput,
  weftFile: FileUrlInput,
};
const FIELDS = { weftAny: AnyField, weftJson: JsonEntry } as unknown as RegistryFieldsType<JsonObject>;

const UI: Record<InputWidget, UiSchema<JsonObject>> = {
  default: {},
  text: { "ui:widget": "text" },
  textarea: { "ui:widget": "weftLongText" },
  password: { "ui:widget": "password" },
  date: { "ui:widget": "weftDate" },
  time: { "ui:widget": "weftTime" },
  datetime: { "ui:widget": "weftDateTime" },
  file: { "ui:widget": "weftFile" },
  any: { "ui:field": "weftAny" },
  json: { "ui:field": "weftJson" },
};

export interface InputsFormProps {
  /** The agent's `input_schema`. */
  schema: JsonSchema;
  /** Values to begin with. */
  initial: JsonObject;
  disabled: boolean;
  onSubmit: (inputs: JsonObject) => void;
  onInvalid: () => void;
  /** The buttons. */
  children: ReactNode;
}

/** The form of an agent's inputs, drawn from its schema. Only for the browser. */
export default function InputsForm({ schema, initial, disabled, onSubmit, onInvalid, children }: InputsFormProps) {
  const { t } = useI18n();
  const form = useMemo(() => toFormSchema(schema), [schema]);
  const uiSchema = useMemo(() => toUiSchema(form), [form]);
  const validator = useMemo(() => createFormValidator(t.form.required), [t]);
  const [data, setData] = useState(initial);
  const translateString = useMemo(() => createTranslate(t.form), [t]);
  const settings: FormProps<JsonObject> = {
    schema: form.schema as RJSFSchema,
    uiSchema,
    validator,
    formData: data,
    disabled,
    widgets: WIDGETS,
    fields: FIELDS,
    templates: { ObjectFieldTemplate: InputsTemplate },
    formContext: { advanced: form.advanced, more: t.form.advanced },
    showErrorList: false,
    noHtml5Validate: true,
    focusOnFirstError: true,
    translateString,
    idPrefix: "input",
    onChange: (event) => setData(event.formData ?? {}),
    onSubmit: (event) => onSubmit(event.formData ?? {}),
    onError: onInvalid,
  };
  return (
    <div className={classes.form}>
      <ThemedForm {...settings}>{children}</ThemedForm>
    </div>
  );
}

/** The library's own few words; the ones that this form never shows stay as they are. */
function createTranslate(t: Messages["form"]): NonNullable<FormProps<JsonObject>["translateString"]> {
  const known = new Map<TranslatableString, string>([
    [TranslatableString.AddButton, t.add_item],
    [TranslatableString.AddItemButton, t.add_item],
    [TranslatableString.RemoveButton, t.remove_item],
    [TranslatableString.MoveUpButton, t.move_up],
    [TranslatableString.MoveDownButton, t.move_down],
  ]);
  return (text, parameters) => known.get(text) ?? englishStringTranslator(text, parameters);
}

function toUiSchema({ widgets }: FormSchema): UiSchema<JsonObject> {
  return Object.fromEntries(Object.entries(widgets).map(([name, widget]) => [name, UI[widget]]));
}

interface InputsContext {
  advanced?: string[];
  more?: string;
}

/** Objects as plain lists of fields; at the root, inputs marked advanced wait behind a disclosure. */
function InputsTemplate(props: ObjectFieldTemplateProps<JsonObject>) {
  const { advanced = [], more = "" } = readContext(props.registry.formContext);
  const atRoot = props.fieldPathId.path.length === 0;
  const later = atRoot ? props.properties.filter(({ name }) => advanced.includes(name)) : [];
  const first = props.properties.filter((property) => !later.includes(property) && !property.hidden);
  return (
    <Stack gap="sm">
      {first.map(({ name, content }) => (
        <div key={name}>{content}</div>
      ))}
      {later.length > 0 && (
        <details>
          <summary style={{ cursor: "pointer", fontSize: 13, fontWeight: 600, marginBottom: 8 }}>{more}</summary>
          <Stack gap="sm">
            {later.map(({ name, content }) => (
              <div key={name}>{content}</div>
            ))}
          </Stack>
        </details>
      )}
    </Stack>
  );
}

function readContext(context: unknown): InputsContext {
  return typeof context === "object" && context !== null ? context : {};
}
