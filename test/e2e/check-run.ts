import { expect } from "vitest";
import type { Execution, WeftClient } from "#cli/client.ts";
import type { JsonValue } from "#graph/json.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import type { TestAgent } from "./agents.ts";

const NODE_ENDS = new Set<ExecutionEvent["type"]>(["node_completed", "node_failed", "node_terminated"]);
const RUN_ENDS = new Set<ExecutionEvent["type"]>(["execution_completed", "execution_failed", "execution_terminated"]);

/** Longer than any recovery: a run that waits for one whose start was lost looks after it when a minute has passed (rule CH3). */
export const LONGEST_RECOVERY_MS = 90_000;

/** The run at its end. @throws Error when it has not come to it in this time */
export async function runEnded(client: WeftClient, id: string, ms = LONGEST_RECOVERY_MS): Promise<Execution> {
  for await (const event of client.follow(id, 0, AbortSignal.timeout(ms))) void event;
  const execution = await client.execution(id);
  if (execution.ended_at !== null) return execution;
  throw new Error(`The run ${id} did not end in ${ms} ms: ${JSON.stringify(execution)}`);
}

/** A run of `agent` that has ended must have come to what it must come to, and its log must tell it without gap or repetition. */
export async function checkRun(
  client: WeftClient,
  id: string,
  { agent, run }: { agent: TestAgent; run: number },
): Promise<void> {
  const label = `run ${run} (${agent.name}, ${id})`;
  const execution = await client.execution(id);
  const events = await Array.fromAsync(client.events(id));
  expect({ label, status: execution.status, error: execution.error }).toEqual({
    label,
    status: "COMPLETED",
    error: null,
  });
  const inOrder = agent.anyOrder === true ? sorted : (outputs: Outputs): Outputs => outputs;
  expect({ label, outputs: inOrder(execution.outputs) }).toEqual({ label, outputs: inOrder(agent.outputs(run)) });
  expect(
    events.map(({ seq }) => seq),
    label,
  ).toEqual(events.map((_, index) => index + 1));
  expect(events.filter(({ type }) => RUN_ENDS.has(type)).length, label).toBe(1);
  checkNodeExecutions(events, agent, label);
}

/** Of runs that have ended, each must have started when the one before was over (rule WA1, of a limit of 1). */
export async function checkOneAfterTheOther(client: WeftClient, runs: readonly { id: string }[]): Promise<void> {
  const times = await Promise.all(
    runs.map(async ({ id }) => {
      const { started_at, ended_at } = await client.execution(id);
      return { id, from: Date.parse(started_at ?? ""), to: Date.parse(ended_at ?? "") };
    }),
  );
  times.sort((a, b) => a.from - b.from || a.to - b.to);
  for (const [index, { from }] of times.entries()) {
    expect(from, JSON.stringify(times)).toBeGreaterThanOrEqual(times[index - 1]?.to ?? 0);
  }
}

/** Attempts that took the place of a lost one: beyond the first, and not after a wait of the same node execution. */
export async function repeatedAttempts(client: WeftClient, id: string): Promise<number> {
  const waits = new Map<string, number>();
  let repeated = 0;
  for await (const event of client.events(id)) {
    if (event.type === "node_waiting") {
      waits.set(event.node_execution_id, (waits.get(event.node_execution_id) ?? 0) + 1);
    } else if (event.type === "node_started") {
      repeated += event.attempt > 1 + (waits.get(event.node_execution_id) ?? 0) ? 1 : 0;
    }
  }
  return repeated;
}

type Outputs = Record<string, JsonValue[]>;

function sorted(outputs: Outputs): Outputs {
  const text = (value: JsonValue): string => JSON.stringify(value);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, values]) => [name, values.toSorted((a, b) => (text(a) < text(b) ? -1 : 1))]),
  );
}

function checkNodeExecutions(events: ExecutionEvent[], agent: TestAgent, label: string): void {
  const ends = new Map<string, number>();
  const perNode = new Map<string, number>();
  for (const event of events) {
    if (!("node_execution_id" in event)) continue;
    if (event.type === "node_queued") {
      expect(ends.has(event.node_execution_id), `${label}: ${event.node_execution_id} is queued twice`).toBe(false);
      ends.set(event.node_execution_id, 0);
      perNode.set(event.node_id, (perNode.get(event.node_id) ?? 0) + 1);
    }
    if (NODE_ENDS.has(event.type)) ends.set(event.node_execution_id, (ends.get(event.node_execution_id) ?? 0) + 1);
  }
  for (const [nodeExecution, count] of ends) expect(count, `${label}: results of ${nodeExecution}`).toBe(1);
  for (const [node, count] of Object.entries(agent.executions)) {
    expect(perNode.get(node) ?? 0, `${label}: executions of ${node}`).toBe(count);
  }
}
