import { Environment } from "@huggingface/jinja";
import { equalValues } from "./compare-values.ts";
import type { RenderBudget } from "./render-budget.ts";
import {
  fromPlain,
  isList,
  isText,
  mappingValue,
  type Plain,
  type RuntimeValue,
  textValue,
  undefinedValue,
} from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";
import { type ForNode, SCOPE_ONLY, type SelectNode, type TemplateNode } from "./template-nodes.ts";

/** What a loop needs of the interpreter. */
export interface LoopHost {
  budget: RenderBudget;
  evaluate(node: TemplateNode, environment: Environment): RuntimeValue;
  truth(value: RuntimeValue): boolean;
  /** Told of every `loop`, so that its methods and `loop(…)` find the way back. */
  started(loop: RuntimeValue, state: LoopState): void;
}

export interface LoopState {
  node: ForNode;
  environment: Environment;
  /** Level of `loop(…)` in a recursive loop, from 0. */
  depth: number;
  /** Turns done so far. */
  index: number;
  /** What `loop.changed` saw last. */
  seen: Plain[] | undefined;
}

/** Thrown by `{% break %}` and `{% continue %}`. */
export class LoopExit extends Error {
  readonly kind: string;
  constructor(kind: string) {
    super(`{% ${kind.toLowerCase()} %} stands outside of a loop.`);
    this.kind = kind;
  }
}

/** Runs a `{% for %}` over `iterable`. Each turn has variables of its own, as in Jinja. */
export function runLoop(state: LoopState, iterable: RuntimeValue, host: LoopHost): RuntimeValue {
  const { node, environment } = state;
  const all = elementsOf(iterable);
  const test = node.iterable.type === "SelectExpression" ? (node.iterable as SelectNode).test : undefined;
  const items = test ? all.filter((item) => host.truth(host.evaluate(test, scopeFor(node, item, environment)))) : all;
  if (items.length === 0) {
    return block(node.defaultBlock, environment, host);
  }
  const isLoop = !(node.loopvar.type === "TupleLiteral" && node.loopvar.value[0]?.value === SCOPE_ONLY);
  let text = "";
  for (const [index, item] of items.entries()) {
    host.budget.steps(1);
    const scope = scopeFor(node, item, environment);
    state.index = index;
    if (isLoop) {
      const loop = loopValue(items, index, state.depth);
      host.started(loop, state);
      scope.setVariable("loop", loop);
    }
    try {
      text += String(block(node.body, scope, host).value);
    } catch (error) {
      if (!isLoop || !(error instanceof LoopExit)) {
        throw error;
      }
      if (error.kind === "Break") {
        break;
      }
    }
  }
  return textValue(text);
}

/** `loop.cycle(…)` and `loop.changed(…)`. */
export function loopMethod(state: LoopState, name: string, args: Plain[]): Plain {
  if (name === "cycle" && args.length > 0) {
    return args[state.index % args.length];
  }
  if (name === "changed") {
    const isSame = state.seen !== undefined && equalValues(state.seen, args);
    state.seen = args;
    return !isSame;
  }
  throw templateFailed(`loop has no method "${name}" with ${args.length} values; it has cycle and changed.`);
}

function block(body: TemplateNode[], environment: Environment, host: LoopHost): RuntimeValue {
  return host.evaluate({ type: "Program", body }, environment);
}

function elementsOf(iterable: RuntimeValue): RuntimeValue[] {
  if (isList(iterable)) {
    return [...iterable.value];
  }
  if (iterable.value instanceof Map && iterable.type === "ObjectValue") {
    return [...(iterable.value as Map<string, RuntimeValue>).keys()].map(textValue);
  }
  const kind = iterable.value === null ? "none" : typeof iterable.value;
  throw templateFailed(`{% for %} needs a list, a dictionary or a text, and met ${kind}.`);
}

function scopeFor(node: ForNode, item: RuntimeValue, environment: Environment): Environment {
  const scope = new Environment(environment);
  scope.variables.clear();
  const { loopvar } = node;
  if (loopvar.type !== "TupleLiteral") {
    scope.setVariable(String(loopvar.value), item);
    return scope;
  }
  const parts = isText(item) ? Array.from(item.value, textValue) : isList(item) ? item.value : undefined;
  if (parts?.length !== loopvar.value.length) {
    const found = parts ? `an element has ${parts.length}` : "an element is no list";
    throw templateFailed(`{% for %} takes elements apart into ${loopvar.value.length} names, and ${found}.`);
  }
  for (const [index, name] of loopvar.value.entries()) {
    if (name.type !== "Identifier") {
      throw templateFailed("{% for %} can take elements apart into names only.");
    }
    scope.setVariable(String(name.value), parts[index] ?? undefinedValue());
  }
  return scope;
}

function loopValue(items: RuntimeValue[], index: number, depth: number): RuntimeValue {
  const left = items.length - index;
  const facts: [string, Plain][] = [
    ["index", index + 1],
    ["index0", index],
    ["revindex", left],
    ["revindex0", left - 1],
    ["first", index === 0],
    ["last", left === 1],
    ["length", items.length],
    ["depth", depth + 1],
    ["depth0", depth],
  ];
  const members = new Map(facts.map(([name, value]) => [name, fromPlain(value)]));
  members.set("previtem", items[index - 1] ?? undefinedValue());
  members.set("nextitem", items[index + 1] ?? undefinedValue());
  return mappingValue(members);
}
