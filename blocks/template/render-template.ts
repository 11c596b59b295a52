import { Environment, parse } from "@huggingface/jinja";
import { BlockError } from "#blocks/define-block.ts";
import type { JsonValue } from "#graph/json.ts";
import { LimitedInterpreter } from "./limited-interpreter.ts";
import { RenderBudget } from "./render-budget.ts";
import { fromJson, functionValue, listValue, numberValue, type RuntimeValue } from "./runtime-values.ts";
import { scanTemplate } from "./scan-template.ts";
import { invalidTemplate, templateFailed, templateTooCostly } from "./template-error.ts";
import { type NodeRoles, prepareNodes, type Program } from "./template-nodes.ts";

/** Longest template and longest result, characters. */
const MAX_TEMPLATE = 1_000_000;
const MAX_OUTPUT = 10_000_000;
/** Longest `range()`, as in AutoGPT (autogpt.md §5). */
const MAX_RANGE = 10_000;

const CONSTANTS: Readonly<Record<string, JsonValue>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

/**
 * Fills in a Jinja template (autogpt.md §5: no globals but a capped `range`; Weft keeps the filter `tojson`). The same template
 * and values always give the same text: there is no clock and no randomness in a template.
 *
 * @param options.escapeHtml escape what is printed for HTML; `| safe` opts out
 * @throws BlockError `invalid_template` (syntax), `template_failed` (with these values), `template_too_costly` (a limit:
 *   1,000,000 characters of template, 10,000,000 of result, `range` and `*` up to 10,000, and `RenderBudget`)
 */
export function renderTemplate(
  format: string,
  values: Readonly<Record<string, JsonValue>>,
  options: { escapeHtml?: boolean } = {},
): string {
  if (format.length > MAX_TEMPLATE) {
    throw templateTooCostly(`a template may have at most ${MAX_TEMPLATE} characters.`);
  }
  const { program, roles } = parsedTemplate(format);
  const budget = new RenderBudget();
  const interpreter = new LimitedInterpreter(globalsFor(values, roles.names), {
    roles,
    budget,
    escapeHtml: options.escapeHtml ?? false,
  });
  const output = String(guard(templateFailed, () => interpreter.run(program)).value);
  if (output.length > MAX_OUTPUT) {
    throw templateTooCostly(`its result may have at most ${MAX_OUTPUT} characters.`);
  }
  return output;
}

interface ParsedTemplate {
  program: Program;
  roles: NodeRoles;
}

/** Reading a short template takes longer than filling it in, and an agent's templates meet many values. Those used last are kept, as they were read: filling in changes nothing in them. */
const kept = new Map<string, ParsedTemplate>();
const MOST_KEPT = 200;
const LONGEST_KEPT = 4_000;

function parsedTemplate(format: string): ParsedTemplate {
  const known = kept.get(format);
  const parsed = known ?? parseTemplate(format);
  if (format.length <= LONGEST_KEPT) {
    kept.delete(format);
    kept.set(format, parsed);
    const oldest = kept.size > MOST_KEPT ? kept.keys().next().value : undefined;
    if (oldest !== undefined) {
      kept.delete(oldest);
    }
  }
  return parsed;
}

function parseTemplate(format: string): ParsedTemplate {
  const { tokens, names } = scanTemplate(format);
  const program = guard(invalidTemplate, () => parse(tokens));
  return { program, roles: prepareNodes(program, names) };
}

/** Only the variables that the template names are converted. */
function globalsFor(values: Readonly<Record<string, JsonValue>>, names: ReadonlySet<string>): Environment {
  const globals = new Environment();
  for (const [name, value] of Object.entries(CONSTANTS)) {
    globals.setVariable(name, fromJson(value));
  }
  globals.setVariable("range", functionValue(range));
  const variables = new Environment(globals);
  variables.variables.clear();
  for (const name of names) {
    if (Object.hasOwn(values, name)) {
      variables.setVariable(
        name,
        guard(templateFailed, () => fromJson(values[name])),
      );
    }
  }
  return variables;
}

function range(args: RuntimeValue[]): RuntimeValue {
  const numbers = args.map((arg) => (typeof arg.value === "number" ? arg.value : Number.NaN));
  const [first = Number.NaN, second, step = 1] = numbers;
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!Number.isFinite(length)) {
    throw templateFailed("range takes one to three numbers, and its step cannot be 0.");
  }
  if (length > MAX_RANGE) {
    throw templateTooCostly(`range may have at most ${MAX_RANGE} numbers.`);
  }
  return listValue(Array.from({ length }, (_, index) => numberValue(start + index * step, false)));
}

/** Turns whatever the library throws into an error of ours; a stack that ran out is the depth of the template. */
function guard<T>(failure: (message: string, cause: unknown) => BlockError, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof BlockError) {
      throw error;
    }
    if (error instanceof RangeError) {
      throw templateTooCostly("it is nested too deeply or too large.");
    }
    if (error instanceof TypeError && failure === invalidTemplate) {
      throw invalidTemplate(
        "a statement such as {% if %} or {% for %} is not closed, or a tag is not complete.",
        error,
      );
    }
    throw failure(error instanceof Error ? error.message : String(error), error);
  }
}
