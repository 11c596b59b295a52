import { type RJSFSchema, type RJSFValidationError, toErrorSchema, type ValidatorType } from "@rjsf/utils";
import type { JsonObject, JsonSchema, JsonValue } from "#graph/json.ts";
import { checkSchema, type SchemaProblem } from "#graph/pins/check-schema.ts";

/**
 * The form library's validator over the check that the server makes too. It generates no code, so the pages' Content-Security-Policy
 * needs no `unsafe-eval`.
 */
export function createFormValidator(requiredMessage: string): ValidatorType<JsonObject> {
  const problemsOf = (data: unknown, schema: RJSFSchema, root?: RJSFSchema): SchemaProblem[] =>
    checkSchema(toJson(data), asJsonSchema(schema), root === undefined ? {} : { root: asJsonSchema(root) });
  return {
    validateFormData(formData, schema) {
      const errors = problemsOf(formData ?? {}, schema).map((problem) => toError(problem, requiredMessage));
      return { errors, errorSchema: toErrorSchema<JsonObject>(errors) };
    },
    isValid: (schema, formData, rootSchema) => problemsOf(formData, schema, rootSchema).length === 0,
    rawValidation: () => ({ errors: [] }),
  };
}

function toError({ path, message }: SchemaProblem, requiredMessage: string): RJSFValidationError {
  const text = message === "is required" ? requiredMessage : capitalized(message);
  return { property: path === "" || path.startsWith("[") ? path : `.${path}`, message: text, stack: `${path} ${text}` };
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What the form holds is JSON but for `undefined`, which means that the field is empty. */
function toJson(data: unknown): JsonValue {
  return data === undefined ? null : (JSON.parse(JSON.stringify(data)) as JsonValue);
}

/** The library's schema type allows `true` and functions in places where an input schema, which came as JSON, has none. */
function asJsonSchema(schema: RJSFSchema): JsonSchema {
  return schema as JsonSchema;
}
