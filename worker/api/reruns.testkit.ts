import type { ExecutionView, NodeExecutionPage, NodeExecutionView } from "#durable-objects/execution/protocol.ts";
import type { JsonObject } from "#graph/json.ts";
import { RUNS } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { inputNode as input, outputNode as output, saveGraph } from "#test/workerd/test-graph.ts";
import type { TestNode } from "#test/workerd/test-graph.ts";

export const calculate = (id: string, operation: string, values: JsonObject = {}, weft: JsonObject = {}): TestNode => [
  id,
  "calculator",
  { operation, ...values },
  weft,
];

export type RerunApi = ReturnType<typeof rerunApi>;

/** What tests of reruns ask of the API, for a tenant. */
export function rerunApi(tenant: Tenant) {
  const graph = async (nodes: TestNode[], ...links: string[]): Promise<string> =>
    (await saveGraph(tenant, nodes, ...links)).id;

  /** (a + 1) / b */
  const quotient = (): Promise<string> =>
    graph(
      [input("a"), input("b"), calculate("sum", "Add", { b: 1 }), calculate("div", "Divide"), output("q")],
      "in_a.result sum.a",
      "sum.result div.a",
      "in_b.result div.b",
      "div.result out_q.value",
    );

  const call = <T = ExecutionView>(path: string, body?: object): Promise<Answer<T>> =>
    tenant.client.call<T>(`${RUNS}${path}`, { method: "POST", ...(body === undefined ? {} : { body }) });

  const start = (graph_id: string, inputs: object, more: object = {}): Promise<Answer<ExecutionView>> =>
    call("", { graph_id, inputs, wait_seconds: 30, ...more });

  /** By the id of their node. */
  const nodesOf = async (id: string): Promise<Record<string, NodeExecutionView>> => {
    const page = await tenant.client.call<NodeExecutionPage>(`${RUNS}/${id}/nodes?limit=100`);
    return Object.fromEntries(page.body.items.map((node) => [node.node_id, node]));
  };

  const reusedOf = async (id: string): Promise<Record<string, string | null>> =>
    Object.fromEntries(Object.entries(await nodesOf(id)).map(([node, { reused }]) => [node, reused]));

  return { graph, quotient, call, start, nodesOf, reusedOf };
}
