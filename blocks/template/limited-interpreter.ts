import { type Environment, Interpreter } from "@huggingface/jinja";
import { applyOperator } from "./apply-operator.ts";
import { runMethod } from "./call-method.ts";
import { elementsOf, isTruthy } from "./compare-values.ts";
import { runFilter } from "./list-filters.ts";
import { escapeHtml, pythonText } from "./python-text.ts";
import type { RenderBudget } from "./render-budget.ts";
import { testOfFilter } from "./rewrite-tokens.ts";
import { LoopExit, type LoopHost, loopMethod, type LoopState, runLoop } from "./run-loop.ts";
import {
  fromPlain,
  isFloat,
  isText,
  isUndefined,
  type Plain,
  type RuntimeValue,
  sizeOf,
  textValue,
  toPlain,
  tupleValue,
} from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";
import {
  ABSENT,
  type BinaryNode,
  type CallNode,
  type FilterNode,
  type FilterStatementNode,
  type ForNode,
  type IdentifierNode,
  type KeywordNode,
  type MacroNode,
  type MemberNode,
  type NodeRoles,
  type SelectNode,
  type SetNode,
  type SpreadNode,
  type TemplateNode,
  type TestNode,
  type TupleNode,
} from "./template-nodes.ts";
import { runTest } from "./template-tests.ts";
import type { CallArguments } from "./call-arguments.ts";

type LibraryNode = Parameters<Interpreter["evaluate"]>[0];

/** These return a value that exists already, so they build nothing. */
const BUILDS_NOTHING = new Set(["Identifier", "StringLiteral", "MemberExpression"]);

export interface InterpreterOptions {
  roles: NodeRoles;
  budget: RenderBudget;
  escapeHtml: boolean;
}

/**
 * The library's interpreter with its expressions made to behave like Python's: every step and every character is counted, and
 * operators, filters, tests and methods are those of this folder. The library keeps the syntax and the control flow.
 */
export class LimitedInterpreter extends Interpreter {
  readonly #roles: NodeRoles;
  readonly #budget: RenderBudget;
  readonly #escapeHtml: boolean;
  /** Texts that are HTML already, and the macros that make them. */
  readonly #safe = new WeakSet<object>();
  readonly #loops = new WeakMap<object, LoopState>();
  readonly #loopHost: LoopHost;

  constructor(globals: Environment, options: InterpreterOptions) {
    super(globals);
    this.#roles = options.roles;
    this.#budget = options.budget;
    this.#escapeHtml = options.escapeHtml;
    this.#loopHost = {
      budget: options.budget,
      evaluate: (node, environment) => this.evaluate(node, environment),
      truth: (value) => isTruthy(value.value as Plain),
      started: (loop, state) => this.#loops.set(loop, state),
    };
  }

  override evaluate(node: LibraryNode, environment: Environment): RuntimeValue {
    if (!node) {
      return super.evaluate(node, environment);
    }
    this.#budget.enter();
    try {
      return this.#withRole(node, this.#dispatch(node, environment));
    } finally {
      this.#budget.leave();
    }
  }

  #withRole(node: TemplateNode, value: RuntimeValue): RuntimeValue {
    if (!BUILDS_NOTHING.has(node.type)) {
      this.#budget.spend(sizeOf(value));
    }
    if (this.#roles.printed.has(node)) {
      return this.#print(value);
    }
    if (this.#roles.iterated.has(node)) {
      this.#budget.steps(sizeOf(value));
      return isText(value) || isUndefined(value) ? fromPlain(elementsOf(toPlain(value, this.#budget))) : value;
    }
    if (this.#roles.containers.has(node) && isUndefined(value)) {
      const name = node.type === "Identifier" ? `"${String(node.value)}"` : "a value";
      throw templateFailed(`${name} is undefined, so nothing can be read from it.`);
    }
    if (this.#roles.sliced.has(node)) {
      this.#budget.spend(sizeOf(value));
    }
    return value;
  }

  #print(value: RuntimeValue): RuntimeValue {
    const text = isFloat(value) ? value.toString() : pythonText(toPlain(value, this.#budget));
    const printed = this.#escapeHtml && !this.#safe.has(value) ? escapeHtml(text) : text;
    this.#budget.spend(printed.length);
    return textValue(printed);
  }

  #dispatch(node: TemplateNode, environment: Environment): RuntimeValue {
    switch (node.type) {
      case "BinaryExpression":
        return this.#binary(node as BinaryNode, environment);
      case "FilterExpression": {
        const { operand, filter } = node as FilterNode;
        return this.#filter(this.evaluate(operand, environment), filter, environment);
      }
      case "FilterStatement": {
        const { body, filter } = node as FilterStatementNode;
        const block: TemplateNode = { type: "Program", body };
        return this.#filter(this.evaluate(block, environment), filter, environment);
      }
      case "TestExpression": {
        const { operand, test, negate } = node as TestNode;
        const value = this.evaluate(operand, environment);
        return fromPlain(this.#test(test.value, value, undefined) !== negate);
      }
      case "CallExpression":
        return this.#call(node as CallNode, environment);
      case "For":
        return this.#loop(node as ForNode, environment);
      case "Break":
      case "Continue":
        throw new LoopExit(node.type);
      case "TupleLiteral": {
        const items = (node as TupleNode).value.filter((item) => item.value !== ABSENT);
        return tupleValue(items.map((item) => this.evaluate(item, environment)));
      }
      case "MemberExpression":
        return this.#member(node, environment);
      default:
        return this.#statement(node, environment);
    }
  }

  #statement(node: TemplateNode, environment: Environment): RuntimeValue {
    if (node.type === "Set" && (node as SetNode).assignee.type === "FilterExpression") {
      return this.#setFiltered(node as SetNode, environment);
    }
    const result = super.evaluate(node, environment);
    if (node.type === "Macro") {
      this.#safe.add(environment.lookupVariable((node as MacroNode).name.value));
    } else if (node.type === "Set" && (node as SetNode).value === null) {
      const { assignee } = node as SetNode;
      this.#safe.add(environment.lookupVariable(String(assignee.value)));
    }
    return result;
  }

  /** `{% set name | filter %}…{% endset %}`: the text of the block, then the filters over it. */
  #setFiltered(node: SetNode, environment: Environment): RuntimeValue {
    let target = node.assignee;
    while (target.type === "FilterExpression") {
      target = (target as FilterNode).operand;
    }
    const plain: SetNode = { ...node, assignee: target };
    const result = this.#statement(plain, environment);
    environment.setVariable(String(target.value), this.evaluate(node.assignee, environment));
    return result;
  }

  #loop(node: ForNode, environment: Environment): RuntimeValue {
    const { iterable } = node;
    const list = this.evaluate(
      iterable.type === "SelectExpression" ? (iterable as SelectNode).lhs : iterable,
      environment,
    );
    return runLoop({ node, environment, depth: 0, index: 0, seen: undefined }, list, this.#loopHost);
  }

  #test(name: string, value: RuntimeValue, argument: Plain): boolean {
    if (value.type === "FunctionValue") {
      return name === "defined" || name === "callable";
    }
    if (name === "float" || name === "integer") {
      return value.type === (name === "float" ? "FloatValue" : "IntegerValue");
    }
    return runTest(name, toPlain(value, this.#budget), argument, this.#budget);
  }

  #binary(node: BinaryNode, environment: Environment): RuntimeValue {
    const operator = node.operator.value;
    if (operator === "and" || operator === "or") {
      return super.evaluate(node, environment);
    }
    const left = this.evaluate(node.left, environment);
    return applyOperator(operator, left, this.evaluate(node.right, environment), this.#budget);
  }

  #filter(operand: RuntimeValue, filter: TemplateNode, environment: Environment): RuntimeValue {
    const call = filter.type === "CallExpression" ? (filter as CallNode) : { callee: filter, args: [] };
    const name = String(call.callee.value);
    const test = testOfFilter(name);
    if (test) {
      const { args } = this.#arguments(call.args, environment);
      return fromPlain(this.#test(test.test, operand, args[0]) !== test.negate);
    }
    const result = fromPlain(runFilter(name, toPlain(operand, this.#budget), this.#arguments(call.args, environment)));
    if (name === "safe" || name === "escape" || name === "e") {
      this.#safe.add(result);
    }
    return result;
  }

  #call(node: CallNode, environment: Environment): RuntimeValue {
    if (node.callee.type === "MemberExpression" && !(node.callee as MemberNode).computed) {
      const { object, property } = node.callee as MemberNode;
      const target = this.evaluate(object, environment);
      const state = this.#loops.get(target);
      if (state) {
        return fromPlain(loopMethod(state, String(property.value), this.#arguments(node.args, environment).args));
      }
      return runMethod(target, String(property.value), this.#arguments(node.args, environment));
    }
    const callee = node.callee as IdentifierNode;
    const state = callee.value === "loop" ? this.#loops.get(environment.lookupVariable("loop")) : undefined;
    if (state && node.args[0]) {
      return this.#recurse(state, this.evaluate(node.args[0], environment));
    }
    const result = super.evaluate(node, environment);
    if (callee.value === "caller" || this.#safe.has(environment.lookupVariable(callee.value))) {
      this.#safe.add(result);
    }
    return result;
  }

  /** `loop(list)` in a recursive loop: the same loop over a list further down. */
  #recurse(state: LoopState, list: RuntimeValue): RuntimeValue {
    this.#budget.steps(sizeOf(list));
    const inner = isText(list) || isUndefined(list) ? fromPlain(elementsOf(toPlain(list, this.#budget))) : list;
    const result = runLoop({ ...state, depth: state.depth + 1, index: 0, seen: undefined }, inner, this.#loopHost);
    this.#safe.add(result);
    return result;
  }

  /** A method that is not called would get round the counted ones. */
  #member(node: TemplateNode, environment: Environment): RuntimeValue {
    const result = super.evaluate(node, environment);
    if (result.type === "FunctionValue") {
      throw templateFailed("a method is used without calling it; add ().");
    }
    return result;
  }

  #arguments(nodes: TemplateNode[], environment: Environment): CallArguments {
    const args: RuntimeValue[] = [];
    const kwargs = new Map<string, RuntimeValue>();
    for (const node of nodes) {
      if (node.type === "KeywordArgumentExpression") {
        const { key, value } = node as KeywordNode;
        kwargs.set(key.value, this.evaluate(value, environment));
      } else if (node.type === "SpreadExpression" || node.type === "KeywordSpreadExpression") {
        this.#spread(this.evaluate((node as SpreadNode).argument, environment), args, kwargs);
      } else {
        args.push(this.evaluate(node, environment));
      }
    }
    const plain = (value: RuntimeValue) => toPlain(value, this.#budget);
    return {
      args: args.map(plain),
      kwargs: new Map([...kwargs].map(([name, value]) => [name, plain(value)])),
      budget: this.#budget,
    };
  }

  #spread(value: RuntimeValue, args: RuntimeValue[], kwargs: Map<string, RuntimeValue>): void {
    const content: unknown = value.value;
    if (Array.isArray(content)) {
      for (const item of content as RuntimeValue[]) {
        args.push(item);
      }
    } else if (content instanceof Map) {
      for (const [name, item] of content as Map<string, RuntimeValue>) {
        kwargs.set(name, item);
      }
    } else {
      throw templateFailed("only a list or a dictionary can be unpacked with * or **.");
    }
  }
}
