import { Environment, Interpreter } from "@huggingface/jinja";
import type { JsonValue } from "#graph/json.ts";
import type { RenderBudget } from "./render-budget.ts";
import { templateFailed } from "./template-error.ts";

/** A value inside the template engine. */
export type RuntimeValue = ReturnType<Interpreter["run"]>;

/** A number that prints with a decimal point even when it is whole, as Python's floats do. */
export class PythonFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A Python tuple: a list that prints in parentheses, some of whose elements may have names (`grouper`, `list`). */
export class Tuple extends Array<Plain> {
  names: readonly string[] = [];

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

export function tupleOf(items: readonly Plain[], names: readonly string[] = []): Tuple {
  const tuple = new Tuple();
  for (const item of items) {
    tuple.push(item);
  }
  tuple.names = names;
  return tuple;
}

/** What filters and methods work on. `undefined` is Jinja's undefined; mappings are Maps, so no name is special. */
export type Plain = undefined | null | boolean | number | string | Plain[] | Map<string, Plain>;

/** What filters and methods may give back. */
export type PlainResult = Plain | PythonFloat | PlainResult[] | Map<string, PlainResult>;

type LibraryNode = NonNullable<Parameters<Interpreter["evaluate"]>[0]>;
type Constructor<T> = new (value: T) => RuntimeValue;

/** The library keeps the classes of its values to itself; it hands them out with the values that it makes. */
function classOf<T>(sample: unknown): Constructor<T> {
  return new Environment().set("sample", sample).constructor as unknown as Constructor<T>;
}

const StringValue = classOf<string>("");
const IntegerValue = classOf<number>(1);
const FloatValue = classOf<number>(1.5);
const BooleanValue = classOf<boolean>(true);
const NullValue = classOf<null>(null);
const UndefinedValue = classOf<undefined>(undefined);
const ArrayValue = classOf<RuntimeValue[]>([]);
const ObjectValue = classOf<Map<string, RuntimeValue>>({});
const TupleValue = new Interpreter().evaluate({ type: "TupleLiteral", value: [] } as LibraryNode, new Environment())
  .constructor as Constructor<RuntimeValue[]>;
const FunctionValue = classOf<(args: RuntimeValue[], scope: Environment) => RuntimeValue>(() => null);

const TUPLE_NAMES = new WeakMap<RuntimeValue, readonly string[]>();

export const textValue = (text: string): RuntimeValue => new StringValue(text);
export const undefinedValue = (): RuntimeValue => new UndefinedValue(undefined);
export const listValue = (items: RuntimeValue[]): RuntimeValue => new ArrayValue(items);
/** A tuple, some of whose elements may have names. */
export function tupleValue(items: RuntimeValue[], names: readonly string[] = []): RuntimeValue {
  const tuple = new TupleValue(items);
  for (const [index, name] of names.entries()) {
    (tuple.builtins as Map<string, RuntimeValue>).set(name, items[index] ?? undefinedValue());
  }
  if (names.length > 0) {
    TUPLE_NAMES.set(tuple, names);
  }
  return tuple;
}
export const mappingValue = (members: Map<string, RuntimeValue>): RuntimeValue => new ObjectValue(members);
export const functionValue = (call: (args: RuntimeValue[]) => RuntimeValue): RuntimeValue => new FunctionValue(call);
export const numberValue = (value: number, isFloat: boolean): RuntimeValue =>
  isFloat || !Number.isInteger(value) ? new FloatValue(value) : new IntegerValue(value);

export const isText = (value: RuntimeValue): value is Extract<RuntimeValue, { value: string }> =>
  value.type === "StringValue";
export const isTuple = (value: RuntimeValue): boolean => value.type === "TupleValue";
export const isUndefined = (value: RuntimeValue): boolean => value.type === "UndefinedValue";
export const isFloat = (value: RuntimeValue): boolean => value.type === "FloatValue";

export function isList(value: RuntimeValue): value is Extract<RuntimeValue, { value: RuntimeValue[] }> {
  return value.type === "ArrayValue" || value.type === "TupleValue";
}

/** Length of a text, list or mapping; 1 for the rest. What a shallow copy of the value costs. */
export function sizeOf(value: RuntimeValue): number {
  const content: unknown = value.value;
  if (typeof content === "string" || Array.isArray(content)) {
    return content.length;
  }
  return content instanceof Map ? content.size : 1;
}

/** A variable of the caller as a value of the engine. */
export function fromJson(value: JsonValue | undefined): RuntimeValue {
  switch (typeof value) {
    case "string":
      return new StringValue(value);
    case "number":
      return numberValue(value, false);
    case "boolean":
      return new BooleanValue(value);
    case "undefined":
      return new UndefinedValue(undefined);
    default:
      break;
  }
  if (value === null) {
    return new NullValue(null);
  }
  if (Array.isArray(value)) {
    return new ArrayValue(value.map(fromJson));
  }
  return new ObjectValue(new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)])));
}

/** A result of a filter or method as a value of the engine. What stands in it many times becomes one value, as in Python. */
export function fromPlain(value: PlainResult): RuntimeValue {
  return convert(value, new Map());
}

function convert(value: PlainResult, known: Map<object, RuntimeValue>): RuntimeValue {
  if (typeof value !== "object" || value === null) {
    return fromJson(value);
  }
  const converted = known.get(value) ?? convertNew(value, known);
  known.set(value, converted);
  return converted;
}

function convertNew(value: PlainResult & object, known: Map<object, RuntimeValue>): RuntimeValue {
  if (value instanceof PythonFloat) {
    return new FloatValue(value.value);
  }
  if (value instanceof Map) {
    return new ObjectValue(new Map([...value].map(([key, item]) => [key, convert(item, known)])));
  }
  if (value instanceof Tuple) {
    return tupleValue(
      value.map((item) => convert(item, known)),
      value.names,
    );
  }
  return new ArrayValue(value.map((item) => convert(item, known)));
}

/** What reading one element of a list or dictionary costs. */
const ELEMENT_COST = 8;

/**
 * A value of the engine as plain data. Costs a unit per character and `ELEMENT_COST` per element.
 * @throws BlockError `template_failed` for functions and macros, which are no data
 */
export function toPlain(value: RuntimeValue, budget: RenderBudget): Plain {
  const content: unknown = value.value;
  budget.spend(typeof content === "string" ? content.length : sizeOf(value) * ELEMENT_COST);
  if (value.type === "FunctionValue") {
    throw templateFailed("a function or macro is used as a value; call it with ().");
  }
  if (Array.isArray(content)) {
    const items = content.map((item: RuntimeValue) => toPlain(item, budget));
    return isTuple(value) ? tupleOf(items, TUPLE_NAMES.get(value)) : items;
  }
  if (content instanceof Map) {
    const entries = [...(content as Map<string, RuntimeValue>)];
    return new Map(entries.map(([key, item]) => [key, toPlain(item, budget)]));
  }
  return content as Plain;
}
