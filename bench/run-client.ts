import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { isDeepStrictEqual } from "node:util";
import type { JsonObject, JsonValue } from "#graph/json.ts";

/** What to start, and what a right run gives. */
export interface RunTarget {
  graphId: string;
  inputs: JsonObject;
  outputs: Record<string, JsonValue[]>;
}

export type RunAnswer =
  | { ok: true; ms: number; executionId: string; nodeExecutions: number }
  | { ok: false; ms: number; why: string };

interface ExecutionAnswer {
  id: string;
  status: string;
  outputs: Record<string, JsonValue[]>;
  error: { code: string; message: string } | null;
  stats: { node_execution_count: number };
}

const ANSWER_TIMEOUT_MS = 300_000;

/**
 * Starts runs over kept-alive connections and checks every answer: status 200, the run COMPLETED, its outputs exactly the expected ones.
 * Anything else counts as an error, never as a run.
 */
export class RunClient {
  readonly #url: URL;
  readonly #apiKey: string;
  #agent: Agent;
  readonly #connections: number;

  constructor(options: { url: string; apiKey: string; connections: number }) {
    this.#url = new URL("/api/v1/executions", options.url);
    this.#apiKey = options.apiKey;
    this.#connections = options.connections;
    this.#agent = this.#newAgent();
  }

  /** Closes idle connections: the server may be about to do so, which would read as an error that is not the engine's. */
  reset(): void {
    this.#agent.destroy();
    this.#agent = this.#newAgent();
  }

  run(target: RunTarget): Promise<RunAnswer> {
    const body = Buffer.from(JSON.stringify({ graph_id: target.graphId, inputs: target.inputs, wait_seconds: 60 }));
    const began = performance.now();
    const elapsed = (): number => performance.now() - began;
    return new Promise((done) => {
      const fail = (why: string): void => done({ ok: false, ms: elapsed(), why });
      const sent = request(
        this.#url,
        { method: "POST", agent: this.#agent, headers: this.#headers(body) },
        (response) => {
          read(response).then(
            (text) => {
              const ms = elapsed();
              done({ ...check(target, response.statusCode ?? 0, text), ms });
            },
            (error: unknown) => fail(`answer broke off: ${String(error)}`),
          );
        },
      );
      sent.setTimeout(ANSWER_TIMEOUT_MS, () => sent.destroy(new Error("no answer in time")));
      sent.on("error", (error) => fail(`request failed: ${error.message}`));
      sent.end(body);
    });
  }

  #headers(body: Buffer): Record<string, string | number> {
    return {
      authorization: `Bearer ${this.#apiKey}`,
      "content-type": "application/json",
      "content-length": body.byteLength,
    };
  }

  #newAgent(): Agent {
    return new Agent({
      keepAlive: true,
      maxSockets: this.#connections,
      maxFreeSockets: this.#connections,
      scheduling: "lifo",
    });
  }
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

type Checked = { ok: true; executionId: string; nodeExecutions: number } | { ok: false; why: string };

function check(target: RunTarget, status: number, text: string): Checked {
  if (status !== 200) {
    return { ok: false, why: `HTTP ${status}: ${text.slice(0, 200)}` };
  }
  const answer = JSON.parse(text) as ExecutionAnswer;
  if (answer.status !== "COMPLETED") {
    return { ok: false, why: `run ${answer.id} is ${answer.status}: ${answer.error?.message ?? ""}`.slice(0, 200) };
  }
  if (!isDeepStrictEqual(answer.outputs, target.outputs)) {
    return { ok: false, why: `wrong outputs: ${JSON.stringify(answer.outputs).slice(0, 200)}` };
  }
  return { ok: true, executionId: answer.id, nodeExecutions: answer.stats.node_execution_count };
}
