import type { parse } from "@huggingface/jinja";

export type Program = ReturnType<typeof parse>;

/** A node of the library's syntax tree, as far as this folder looks into it. */
export interface TemplateNode {
  type: string;
  value?: unknown;
  body?: TemplateNode[];
}

/** Stands for the element that a tuple such as `(x,)` does not have. */
export const ABSENT = "absent element";
/** First name of a loop that stands for `{% with %}`. */
export const SCOPE_ONLY = "scope only";

export interface IdentifierNode extends TemplateNode {
  value: string;
}
export interface MemberNode extends TemplateNode {
  object: TemplateNode;
  property: TemplateNode;
  computed: boolean;
}
export interface CallNode extends TemplateNode {
  callee: TemplateNode;
  args: TemplateNode[];
}
export interface BinaryNode extends TemplateNode {
  operator: { value: string };
  left: TemplateNode;
  right: TemplateNode;
}
export interface FilterNode extends TemplateNode {
  operand: TemplateNode;
  filter: TemplateNode;
}
export interface FilterStatementNode extends TemplateNode {
  filter: TemplateNode;
  body: TemplateNode[];
}
export interface TestNode extends TemplateNode {
  operand: TemplateNode;
  negate: boolean;
  test: IdentifierNode;
}
export interface ForNode extends TemplateNode {
  loopvar: TupleNode | (TemplateNode & { type: "Identifier"; value: string });
  iterable: TemplateNode | SelectNode;
  body: TemplateNode[];
  defaultBlock: TemplateNode[];
}
export interface SelectNode extends TemplateNode {
  type: "SelectExpression";
  lhs: TemplateNode;
  test: TemplateNode;
}
export interface TupleNode extends TemplateNode {
  type: "TupleLiteral";
  value: TemplateNode[];
}
export interface MacroNode extends TemplateNode {
  name: IdentifierNode;
}
export interface SetNode extends TemplateNode {
  assignee: TemplateNode;
  value: TemplateNode | null;
}
export interface KeywordNode extends TemplateNode {
  key: IdentifierNode;
  value: TemplateNode;
}
export interface SpreadNode extends TemplateNode {
  argument: TemplateNode;
}

/** What the interpreter must know of nodes before it runs. */
export interface NodeRoles {
  /** Expressions whose value is printed. */
  printed: WeakSet<object>;
  /** Expressions that a loop goes through. */
  iterated: WeakSet<object>;
  /** Expressions that a member is taken of. */
  containers: WeakSet<object>;
  /** Expressions that a slice is taken of. */
  sliced: WeakSet<object>;
  /** Every name that the template mentions. */
  names: Set<string>;
}

const BODIES = ["body", "alternate", "defaultBlock"] as const;
const NOT_PRINTED = new Set([
  "If",
  "For",
  "Set",
  "Macro",
  "CallStatement",
  "FilterStatement",
  "Break",
  "Continue",
  "Comment",
  "StringLiteral",
]);

/** Walks the tree once: restores the names that stand in for names of other scripts, and notes the roles of nodes. */
export function prepareNodes(program: Program, names: ReadonlyMap<string, string>): NodeRoles {
  const roles: NodeRoles = {
    printed: new WeakSet(),
    iterated: new WeakSet(),
    containers: new WeakSet(),
    sliced: new WeakSet(),
    names: new Set(),
  };
  const pending: unknown[] = [program];
  while (pending.length > 0) {
    const node = pending.pop();
    const children = node instanceof Map ? [...node.keys(), ...node.values()] : node;
    if (Array.isArray(children)) {
      for (const child of children as unknown[]) {
        pending.push(child);
      }
    } else if (typeof node === "object" && node !== null) {
      noteNode(node as Record<string, unknown> & TemplateNode, names, roles);
      pending.push(...Object.values(node));
    }
  }
  return roles;
}

function noteNode(
  node: Record<string, unknown> & TemplateNode,
  names: ReadonlyMap<string, string>,
  roles: NodeRoles,
): void {
  for (const key of BODIES) {
    const body = node[key];
    for (const statement of Array.isArray(body) ? (body as TemplateNode[]) : []) {
      if (!NOT_PRINTED.has(statement.type)) {
        roles.printed.add(statement);
      }
    }
  }
  if (node.type === "Identifier" && typeof node.value === "string") {
    node.value = names.get(node.value) ?? node.value;
    roles.names.add(String(node.value));
  } else if (node.type === "For") {
    const iterable = node["iterable"] as TemplateNode & { lhs?: TemplateNode };
    roles.iterated.add(iterable.type === "SelectExpression" && iterable.lhs ? iterable.lhs : iterable);
  } else if (node.type === "MemberExpression") {
    const member = node as unknown as MemberNode;
    roles.containers.add(member.object);
    if (member.property.type === "SliceExpression") {
      roles.sliced.add(member.object);
    }
  }
}
