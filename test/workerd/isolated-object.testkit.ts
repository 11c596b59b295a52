import { runInDurableObject } from "cloudflare:test";
import type { Block } from "#blocks/define-block.ts";
import { blockRegistry } from "#blocks/registry.ts";
import type { ExecutionObject } from "#durable-objects/execution/execution.ts";
import { valueOf } from "#durable-objects/execution/outcome.testkit.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import type {
  EventPage,
  NodeExecutionPage,
  NodeExecutionView,
  WorkMessage,
} from "#durable-objects/execution/protocol.ts";
import { createBlockContext } from "#worker/consumers/block-context.ts";
import { systemClock } from "#worker/consumers/clock.ts";
import { lastingStub } from "#worker/consumers/lasting-stub.ts";
import { WorkSession } from "#worker/consumers/work-session.ts";
import type { SessionDeps } from "#worker/consumers/session-deps.ts";
import { executionStub } from "#worker/env.ts";
import type { ExecutionStub } from "#worker/env.ts";
import { runValues } from "#worker/values/create-values.ts";
import { testEnv } from "./api-client.ts";

/** Runs' objects whose messages go to the test, which plays queue and consumer with the real classes. */

export interface IsolatedObject {
  id: string;
  readonly stub: ExecutionStub;
  readonly inside: DurableObjectStub<ExecutionObject>;
  /** Messages that it has sent and nobody has taken. */
  sent: WorkMessage[];
}

export const WORKSPACE = "isolated";

export async function isolatedObject(id: string = crypto.randomUUID()): Promise<IsolatedObject> {
  const object: IsolatedObject = {
    id,
    // A stub is no use after its object was aborted, nor in another object's context than its own.
    get stub() {
      return executionStub(testEnv, id);
    },
    get inside() {
      return executionStub(testEnv, id) as unknown as DurableObjectStub<ExecutionObject>;
    },
    sent: [],
  };
  await isolate(object);
  return object;
}

/** Cuts the object off from the real queues, and collects what it would have sent; to be done again after every restart of it. */
export async function isolate({
  inside,
  sent = [],
}: {
  inside: IsolatedObject["inside"];
  sent?: WorkMessage[];
}): Promise<WorkMessage[]> {
  await runInDurableObject(inside, (instance) => {
    const collect = {
      send: async (message: WorkMessage) => void sent.push(message),
      sendBatch: async (messages: { body: WorkMessage }[]) => void sent.push(...messages.map(({ body }) => body)),
    };
    const own = instance as unknown as { env: Record<string, unknown> };
    const queues = Object.keys(own.env).filter((name) => name.startsWith("WORK_QUEUE"));
    own.env = {
      ...own.env,
      ...Object.fromEntries(queues.map((name) => [name, collect])),
      PROJECTION_QUEUE: { send: async () => undefined },
    };
  });
  return sent;
}

export interface Consumer {
  /** Default: the real ones. */
  getBlock?: (id: string) => Block | undefined;
  /** What the consumer calls. Default: the object. */
  object?: SessionDeps["object"];
  values?: SessionDeps["values"];
}

/** The real consumer's work on a message. */
export function workSession(object: IsolatedObject, consumer: Consumer = {}, message?: WorkMessage): WorkSession {
  return new WorkSession(
    {
      object: consumer.object ?? lastingStub(() => object.stub),
      getBlock: consumer.getBlock ?? ((id) => blockRegistry.get(id)),
      values: consumer.values ?? ((workspaceId) => runValues(testEnv, { workspaceId, executionId: object.id })),
      context: (lease, graph, { cancellation, clock, onUsage }) =>
        createBlockContext({
          env: testEnv,
          cancellation,
          clock,
          onUsage,
          idempotencyKey: lease.idempotency_key,
          resume: lease.resume,
          retries: lease,
          run: {
            executionId: object.id,
            nodeExecutionId: lease.node_execution_id,
            nodeId: lease.node_id,
            graphId: graph.id,
            graphVersion: graph.version,
            attempt: lease.attempt,
          },
        }),
      clock: systemClock,
      consumer: crypto.randomUUID(),
      slots: 5,
      budgetMs: 60_000,
    },
    message ?? { execution_id: object.id, pool: "io" },
  );
}

export async function nodeExecutionsOf(
  { stub }: Pick<IsolatedObject, "stub">,
  workspace = WORKSPACE,
): Promise<NodeExecutionView[]> {
  const all: NodeExecutionView[] = [];
  let cursor: string | null = null;
  do {
    const page: NodeExecutionPage = valueOf(await stub.nodeExecutions(workspace, cursor, 500));
    all.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return all;
}

export async function eventsOf(
  { stub }: Pick<IsolatedObject, "stub">,
  workspace = WORKSPACE,
): Promise<ExecutionEvent[]> {
  const all: ExecutionEvent[] = [];
  for (;;) {
    const page: EventPage = valueOf(await stub.events(workspace, all.at(-1)?.seq ?? 0, 1_000));
    all.push(...page.items);
    if (page.items.length === 0) {
      return all;
    }
  }
}
