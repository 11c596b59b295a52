import type { BlockDescriptor } from "../catalog/block-descriptor.ts";
import { GraphError } from "../errors.ts";
import type { JsonObject, JsonSchema, JsonValue } from "../json.ts";
import type { GraphNode } from "../model/graph-file.ts";
import { isCredentialsName } from "../model/graph-keys.ts";
import { getOwn, isUnsafeName } from "../own-property.ts";
import { checkSchema } from "../pins/check-schema.ts";
import { coerce } from "../pins/coerce.ts";
import { mergeDynamicInput } from "../pins/dynamic-pins.ts";
import { REQUIRED_MESSAGE, sentence } from "../pins/prepare-input.ts";
import { acceptsNull } from "../pins/resolve-schema.ts";
import { credentialsFields } from "../schema/credentials-schema.ts";
import type { NodePins } from "./node-pins.ts";

export interface NodeToValidate {
  node: GraphNode;
  block: BlockDescriptor;
  pins: NodePins;
  /** Names and base names of the pins with an incoming link. */
  linked: ReadonlySet<string>;
  forRun: boolean;
}

/** What is wrong with the values of one node, by field (autogpt.md §3.2). Values of linked pins are not looked at. */
export function validateNode(target: NodeToValidate): Map<string, string> {
  const { block, pins, forRun } = target;
  const fields = new Map<string, string>();
  const values = expand(pins.values, fields);
  const asksRequired = forRun || block.ui_type === "Input" || block.ui_type === "Output" || block.ui_type === "Agent";
  if (asksRequired) {
    checkRequired(target, values, fields);
  }
  checkValues(target, values, fields);
  checkDependencies(target, values, fields);
  checkName(target, fields);
  if (forRun) {
    checkDiscriminators(target, values, fields);
  }
  return fields;
}

function expand(values: JsonObject, fields: Map<string, string>): JsonObject {
  try {
    return mergeDynamicInput(values);
  } catch (error) {
    if (error instanceof GraphError) {
      fields.set(error.details[0]?.path ?? "", error.message);
      return values;
    }
    throw error;
  }
}

function checkRequired(
  { node, block, pins, linked }: NodeToValidate,
  values: JsonObject,
  fields: Map<string, string>,
): void {
  const credentials = new Set(credentialsFields(block).map((field) => field.name));
  for (const name of pins.inputs.required ?? []) {
    const schema = getOwn(pins.inputs.properties ?? {}, name) ?? {};
    // Which credential to use is chosen for the run, not in the graph.
    const exempt = credentials.has(name) || linked.has(name) || schema.default !== undefined;
    if (!exempt && isMissing(getOwn(values, name), schema, pins.inputs)) {
      fields.set(name, REQUIRED_MESSAGE);
    }
  }
  if (block.ui_type === "Agent" && typeof getOwn(node.input_default, "graph_id") !== "string") {
    fields.set("graph_id", REQUIRED_MESSAGE);
  }
  const isIo = block.ui_type === "Input" || block.ui_type === "Output";
  if (isIo && getOwn(node.input_default, "name") === "" && !linked.has("name")) {
    fields.set("name", REQUIRED_MESSAGE);
  }
}

/** Null that the pin takes is a value like any other, as it is when the block runs. */
function isMissing(value: JsonValue | undefined, schema: JsonSchema, root: JsonSchema): boolean {
  return value === undefined || (value === null && !acceptsNull(schema, root));
}

/** On save only bounds count: a value of a wrong type may be a draft. Before a run the value must fit altogether. */
function checkValues({ pins, linked, forRun }: NodeToValidate, values: JsonObject, fields: Map<string, string>): void {
  for (const [name, schema] of Object.entries(pins.inputs.properties ?? {})) {
    const value = getOwn(values, name);
    if (value === undefined || linked.has(name) || fields.has(name) || isCredentialsName(name)) {
      continue;
    }
    if (value === null && !acceptsNull(schema, pins.inputs)) {
      continue;
    }
    const message = valueProblem(value, schema, { root: pins.inputs, patterns: pins.trusted, forRun });
    if (message !== undefined) {
      fields.set(name, message);
    }
  }
}

function valueProblem(
  value: JsonValue,
  schema: JsonSchema,
  { root, patterns, forRun }: { root: JsonSchema; patterns: boolean; forRun: boolean },
): string | undefined {
  const converted = coerce(value, schema, { root });
  if (!converted.ok) {
    return forRun ? sentence(converted.message) : undefined;
  }
  const problems = checkSchema(converted.value, schema, { root, patterns });
  const [first] = problems;
  if (first === undefined || (!forRun && checkSchema(converted.value, schema, { root, bounds: false }).length > 0)) {
    return undefined;
  }
  return sentence(first.message, first.path);
}

function checkDependencies({ pins, linked }: NodeToValidate, values: JsonObject, fields: Map<string, string>): void {
  const given = (name: string): boolean => linked.has(name) || !isBlank(getOwn(values, name));
  for (const [name, schema] of Object.entries(pins.inputs.properties ?? {})) {
    const missing = (schema.depends_on ?? []).filter((other) => {
      const fallback = getOwn(pins.inputs.properties ?? {}, other)?.default;
      return !given(other) && isBlank(fallback);
    });
    if (missing.length > 0 && given(name) && !fields.has(name)) {
      fields.set(name, `This field needs ${missing.map((other) => `"${other}"`).join(", ")} to be set too`);
    }
  }
}

function isBlank(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || value === "";
}

/**
 * `credentials` and `*_credentials` are the names of credential inputs (autogpt.md §3.2); JavaScript's own names are
 * never allowed.
 */
function checkName({ node, block }: NodeToValidate, fields: Map<string, string>): void {
  const name = getOwn(node.input_default, "name");
  if ((block.ui_type !== "Input" && block.ui_type !== "Output") || typeof name !== "string") {
    return;
  }
  if (isUnsafeName(name)) {
    fields.set("name", `"${name}" may not be used as a name`);
  } else if (block.ui_type === "Input" && isCredentialsName(name)) {
    fields.set("name", `"${name}" is reserved: names may not be "credentials" or end in "_credentials"`);
  }
}

/** A credential that is chosen by another field (the model, the address) needs that field. */
function checkDiscriminators({ block, linked }: NodeToValidate, values: JsonObject, fields: Map<string, string>): void {
  for (const { schema } of credentialsFields(block)) {
    const name = schema.discriminator;
    if (typeof name !== "string" || linked.has(name) || fields.has(name)) {
      continue;
    }
    if (isBlank(getOwn(values, name) ?? getOwn(block.input_schema.properties ?? {}, name)?.default)) {
      fields.set(name, REQUIRED_MESSAGE);
    }
  }
}
