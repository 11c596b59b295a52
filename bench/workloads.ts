import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { agentFile, sleepingShape } from "#test/agent-file.ts";
import type { Pin, Shape, ShapeNode } from "#test/agent-file.ts";

/** Port that the agent files of the I/O workloads name; `workloadFile` puts another one in its place. */
export const ECHO_PORT = 18_099;
const ECHO_URL = `http://127.0.0.1:${ECHO_PORT}/`;

export interface Workload {
  id: string;
  title: string;
  shape: Shape;
  inputs: JsonObject;
  /** What the outputs of a right run are, exactly and in this order. */
  outputs: Record<string, JsonValue[]>;
}

const count = <T>(n: number, make: (index: number) => T): T[] => Array.from({ length: n }, (_, index) => make(index));
const items = (n: number): JsonValue[] => count(n, (i) => ({ i }));

/**
 * The workloads of the peers' rig as Weft agents. Every graph does what the n8n workflow of the same name does, with an input and an
 * output node for its trigger and its answer. Items are joined by a Collect block.
 */
export const WORKLOADS: readonly Workload[] = [
  hello(),
  chain(40),
  fan("w3-fan100", 100),
  fanNodes(100),
  loop(1_000),
  fan("w4i-items1000", 1_000),
  requests(20),
  requestNodes(20),
];

/** And one that the rig does not have: a run that sleeps, whose price is that of waiting. */
export const ALL_WORKLOADS: readonly Workload[] = [...WORKLOADS, sleeper(2)];

/** The workloads of a list `a,b`; those of the rig when it is absent. @throws Error for a name that is none */
export function chooseWorkloads(list: string | undefined): readonly Workload[] {
  return list === undefined ? WORKLOADS : list.split(",").map(findWorkload);
}

function findWorkload(id: string): Workload {
  const found = ALL_WORKLOADS.find((workload) => workload.id === id);
  if (found === undefined) {
    throw new Error(
      `There is no workload ${id}; there are ${ALL_WORKLOADS.map((workload) => workload.id).join(", ")}.`,
    );
  }
  return found;
}

/** A workload's agent file as it lies in `workloads/`, with requests going to `echoPort`. */
export function workloadFile(id: string, echoPort = ECHO_PORT): JsonObject {
  const text = readFileSync(join(import.meta.dirname, "workloads", `${id}.json`), "utf8");
  return JSON.parse(text.replaceAll(ECHO_URL, `http://127.0.0.1:${echoPort}/`)) as JsonObject;
}

/** A workload's agent, under its id. */
export function workloadAgent({ id, title, shape }: Pick<Workload, "id" | "title" | "shape">): JsonObject {
  return agentFile(id, title, shape);
}

/** The text of a workload's agent file; `workloads/` holds exactly this. */
export function workloadText(workload: Workload): string {
  return `${JSON.stringify(workloadAgent(workload), null, 2)}\n`;
}

function hello(): Workload {
  return {
    id: "w1-hello",
    title: "One template between input and output.",
    shape: {
      nodes: {
        name: ["input", { name: "name" }],
        hello: ["template", { format: "Hello {{ name }}", values: {} }],
        out: ["output", { name: "hello" }],
      },
      links: [
        ["name.result", "hello.values_#_name"],
        ["hello.output", "out.value"],
      ],
    },
    inputs: { name: "Ada" },
    outputs: { hello: ["Hello Ada"] },
  };
}

/** Also the growth series: `length` steps, one after the other. */
export function chain(length: number): Workload {
  const steps = count(length, (index) => `add-${index + 1}`);
  return {
    id: `w2-chain${length}`,
    title: `${length} additions one after the other.`,
    shape: {
      nodes: {
        n: ["input", { name: "n" }],
        ...Object.fromEntries(steps.map((step) => [step, ["calculator", { operation: "Add", b: 1 }] as const])),
        out: ["output", { name: "n" }],
      },
      links: [
        ["n.result", "add-1.a"],
        ...steps.slice(1).map((step, index): Shape["links"][number] => [`${steps[index] ?? ""}.result`, `${step}.a`]),
        [`add-${length}.result`, "out.value"],
      ],
    },
    inputs: { n: 0 },
    outputs: { n: [length] },
  };
}

function fan(id: string, n: number): Workload {
  return {
    id,
    title: `${n} items of a list through one node, joined.`,
    shape: itemByItem({
      middle: { op: ["calculator", { operation: "Add", b: 1 }] },
      enter: "op.a",
      links: [],
      leave: "op.result",
      output: "v",
    }),
    inputs: { items: items(n) },
    outputs: { v: [count(n, (index) => index + 1)] },
  };
}

function fanNodes(n: number): Workload {
  const nodes = count(n, (index): [string, ShapeNode] => [
    `node-${index}`,
    ["calculator", { operation: "Add", b: index }],
  ]);
  return {
    id: `w3n-fan${n}nodes`,
    title: `${n} nodes side by side, joined to one list and counted.`,
    shape: sideBySide(Object.fromEntries(nodes), { sink: "a", source: "result" }),
    inputs: { i: 1 },
    outputs: { n: [n] },
  };
}

/**
 * One item a turn, the next one only when the last is through: `item` takes the item of a number, and what `op` makes of it (its number plus one)
 * is the number of the next. That there is none is the end; what `op` made is joined then.
 */
function loop(n: number): Workload {
  return {
    id: `w4-loop${n}`,
    title: `A loop of ${n} turns over a list, one item a turn.`,
    shape: {
      nodes: {
        items: ["input", { name: "items" }],
        first: ["calculator", { operation: "Add", a: 0, b: 0 }],
        item: ["listItem"],
        op: ["calculator", { operation: "Add", b: 1 }],
        all: ["collect"],
        values: ["output", { name: "v" }],
        count: ["output", { name: "n" }],
        end: ["output", { name: "end" }],
      },
      links: [
        ["items.result", "item.list", true],
        ["first.result", "item.index"],
        ["item.item_#_i", "op.a"],
        ["op.result", "item.index"],
        ["op.result", "all.item"],
        ["all.list", "values.value"],
        ["all.count", "count.value"],
        ["item.error", "end.value"],
      ],
    },
    inputs: { items: items(n) },
    outputs: {
      v: [count(n, (index) => index + 1)],
      n: [n],
      end: [`Index out of range: the list has ${n} elements, the index is ${n}.`],
    },
  };
}

function requests(n: number): Workload {
  return {
    id: `w5-io${n}`,
    title: `${n} HTTP calls of 50 ms from one node, joined.`,
    shape: itemByItem({
      middle: {
        url: ["template", { format: `${ECHO_URL}?i={{ i }}`, values: {} }],
        request: ["webRequest", { method: "GET" }],
      },
      enter: "url.values_#_i",
      links: [["url.output", "request.url"]],
      leave: "request.response",
      output: "answers",
    }),
    inputs: { items: items(n) },
    outputs: { answers: [count(n, (i) => ({ ok: true, i }))] },
  };
}

/** The input goes along as a header, so that the requests start with the run's input, as they start with the trigger elsewhere. */
function requestNodes(n: number): Workload {
  const nodes = count(n, (index): [string, ShapeNode] => [
    `request-${index}`,
    ["webRequest", { method: "GET", url: `${ECHO_URL}?i=${index}` }],
  ]);
  return {
    id: `w5n-io${n}nodes`,
    title: `${n} HTTP nodes of 50 ms side by side, joined to one list and counted.`,
    shape: sideBySide(Object.fromEntries(nodes), { sink: "headers_#_x-input", source: "response" }),
    inputs: { i: 1 },
    outputs: { n: [n] },
  };
}

/** Sleeps for so many seconds, then says its word. */
export function sleeper(seconds: number): Workload {
  return {
    id: `s1-sleep${seconds}`,
    title: `Sleeps ${seconds} seconds between input and output.`,
    shape: sleepingShape(seconds),
    inputs: { word: "awake" },
    outputs: { word: ["awake"] },
  };
}

interface ItemPath {
  /** What each item goes through, in executions of its own. */
  middle: Shape["nodes"];
  /** Where an item's number comes in. */
  enter: Pin;
  links: Shape["links"];
  /** Where what became of it comes out. */
  leave: Pin;
  /** Name of the output for all that came out, as one list. */
  output: string;
}

/** The item way: a list, each of its items on its own through the same nodes, and joined. */
function itemByItem({ middle, enter, links, leave, output }: ItemPath): Shape {
  return {
    nodes: {
      items: ["input", { name: "items" }],
      each: ["steps"],
      ...middle,
      all: ["collect"],
      out: ["output", { name: output }],
    },
    links: [
      ["items.result", "each.items"],
      ["each.item_#_i", enter],
      ...links,
      [leave, "all.item"],
      ["all.list", "out.value"],
    ],
  };
}

/** Nodes that all take the input at their pin `sink`; what they give at `source` is joined to one list and counted. */
function sideBySide(nodes: Shape["nodes"], { sink, source }: { sink: string; source: string }): Shape {
  const ids = Object.keys(nodes);
  return {
    nodes: {
      i: ["input", { name: "i" }],
      ...nodes,
      join: ["createList", { values: [] }],
      count: ["countItems"],
      out: ["output", { name: "n" }],
    },
    links: [
      ...ids.map((id): Shape["links"][number] => ["i.result", `${id}.${sink}`]),
      ...ids.map((id, index): Shape["links"][number] => [`${id}.${source}`, `join.values_$_${index}`]),
      ["join.list", "count.collection"],
      ["count.count", "out.value"],
    ],
  };
}
