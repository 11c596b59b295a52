import type { BlockDescriptor } from "#graph/catalog/block-descriptor.ts";
import type { JsonObject, JsonSchema, JsonValue } from "#graph/json.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import type { EstimateView } from "#worker/contracts/estimate.ts";
import type {
  ExecutionListItem,
  ExecutionWithNodes,
  NodeExecution,
  Review,
  ReviewDecision,
  StartExecutionRequest,
} from "#worker/contracts/execution.ts";
import type { GraphView } from "#worker/contracts/graph.ts";
import type { List } from "#worker/contracts/list.ts";
import type { NodeDetail, RedriveFilter, RedriveResult } from "#worker/contracts/rerun.ts";
import type { Me } from "#worker/contracts/me.ts";
import { readServerSentEvents } from "./server-sent-events.ts";

/** A refusal of the API, or no answer at all (`status` 0, code `unreachable`). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: unknown;
  /** Seconds after which the same request may succeed, where the server says so. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    { code, message, details }: { code: string; message: string; details?: unknown },
    retryAfter?: number,
  ) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

export interface ServerAddress {
  url: string;
  apiKey: string;
}

export type StoredGraph = GraphView & { input_schema: JsonSchema };
export type Execution = ExecutionWithNodes;

/** The server answers a request with the same key and content within 24 hours with the same run. */
export interface Keyed {
  idempotencyKey?: string | undefined;
}

const RECONNECT_MS = [200, 500, 1_000, 2_000, 5_000];

/** The HTTP API, thinly. Every method throws `ApiError`. */
export class WeftClient {
  readonly #url: string;
  readonly #apiKey: string;

  constructor({ url, apiKey }: ServerAddress) {
    this.#url = url.replace(/\/+$/, "");
    this.#apiKey = apiKey;
  }

  me(): Promise<Me> {
    return this.#json("GET", "/me");
  }

  importGraph(file: unknown): Promise<StoredGraph> {
    return this.#json("POST", "/graphs", file);
  }

  exportGraph(id: string, version?: number): Promise<JsonObject> {
    const query = version === undefined ? "" : `&version=${version}`;
    return this.#json("GET", `/graphs/${encodeURIComponent(id)}?for_export=true${query}`);
  }

  graph(id: string, version?: number): Promise<StoredGraph> {
    return this.#json("GET", `/graphs/${encodeURIComponent(id)}${version === undefined ? "" : `?version=${version}`}`);
  }

  estimate(graphId: string): Promise<EstimateView> {
    return this.#json("GET", `/graphs/${encodeURIComponent(graphId)}/estimate`);
  }

  block(id: string): Promise<BlockDescriptor> {
    return this.#json("GET", `/blocks/${encodeURIComponent(id)}`);
  }

  blocks(): AsyncGenerator<BlockDescriptor> {
    return this.#all("/blocks");
  }

  startExecution(request: StartExecutionRequest, keyed: Keyed = {}): Promise<Execution> {
    return this.#json("POST", "/executions", request, keyed);
  }

  execution(id: string): Promise<Execution> {
    return this.#json("GET", `/executions/${encodeURIComponent(id)}`);
  }

  /** In the order in which they came to be. */
  nodeExecutions(id: string): AsyncGenerator<NodeExecution> {
    return this.#all(`/executions/${encodeURIComponent(id)}/nodes`);
  }

  nodeExecution(id: string, nodeExecutionId: string): Promise<NodeDetail> {
    return this.#json("GET", `/executions/${encodeURIComponent(id)}/nodes/${encodeURIComponent(nodeExecutionId)}`);
  }

  /** A large value of a run, whole. */
  value(id: string, sha256: string): Promise<JsonValue> {
    return this.#json("GET", `/executions/${encodeURIComponent(id)}/values/${encodeURIComponent(sha256)}`);
  }

  executions(filter: { graph_id?: string; status?: string }): AsyncGenerator<ExecutionListItem> {
    return this.#all("/executions", filter);
  }

  cancel(id: string): Promise<Execution> {
    return this.#json("POST", `/executions/${encodeURIComponent(id)}/cancel`);
  }

  pause(id: string): Promise<Execution> {
    return this.#json("POST", `/executions/${encodeURIComponent(id)}/pause`);
  }

  resume(id: string): Promise<Execution> {
    return this.#json("POST", `/executions/${encodeURIComponent(id)}/resume`);
  }

  retry(id: string, keyed: Keyed = {}): Promise<Execution> {
    return this.#json("POST", `/executions/${encodeURIComponent(id)}/retry`, undefined, keyed);
  }

  fork(id: string, from: { node_execution_id: string; inputs: JsonObject }, keyed: Keyed = {}): Promise<Execution> {
    return this.#json("POST", `/executions/${encodeURIComponent(id)}/fork`, from, keyed);
  }

  redrive(filter: RedriveFilter, cursor?: string): Promise<RedriveResult> {
    return this.#json("POST", "/executions/redrive", { filter, cursor });
  }

  reviews(id: string): Promise<{ items: Review[] }> {
    return this.#json("GET", `/executions/${encodeURIComponent(id)}/reviews`);
  }

  review(id: string, reviewId: string, decision: ReviewDecision): Promise<Execution> {
    return this.#json(
      "POST",
      `/executions/${encodeURIComponent(id)}/reviews/${encodeURIComponent(reviewId)}`,
      decision,
    );
  }

  /** The events that a run has so far, after number `after`. */
  async *events(id: string, after = 0): AsyncGenerator<ExecutionEvent> {
    for (let next: number | null = after; next !== null;) {
      const page: { items: ExecutionEvent[]; last_seq: number } = await this.#json(
        "GET",
        `/executions/${encodeURIComponent(id)}/events?after=${next}&limit=1000`,
      );
      yield* page.items;
      const newest = page.items.at(-1)?.seq;
      next = newest === undefined || newest >= page.last_seq ? null : newest;
    }
  }

  /** Every event exactly once and in order until the run has ended, over lost connections and restarts of the server. */
  async *follow(id: string, after = 0, signal?: AbortSignal): AsyncGenerator<ExecutionEvent> {
    let last = after;
    for (let failures = 0; ;) {
      try {
        const response = await this.#fetch("GET", `/executions/${encodeURIComponent(id)}/events?after=${last}`, {
          accept: "text/event-stream",
          signal,
        });
        for await (const data of readServerSentEvents(response)) {
          const event = JSON.parse(data) as ExecutionEvent;
          if (event.seq <= last) continue;
          last = event.seq;
          failures = 0;
          yield event;
          if (isLast(event)) return;
        }
      } catch (error) {
        if (signal?.aborted === true) return;
        if (error instanceof ApiError && error.status >= 400 && error.status < 500) throw error;
        if (failures >= RECONNECT_MS.length) throw error;
      }
      await new Promise((done) => setTimeout(done, RECONNECT_MS[Math.min(failures, RECONNECT_MS.length - 1)]));
      failures++;
    }
  }

  async *#all<T>(path: string, filter: Record<string, string | undefined> = {}): AsyncGenerator<T> {
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ limit: "100" });
      for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, value);
      if (cursor !== null) query.set("cursor", cursor);
      const page: List<T> = await this.#json("GET", `${path}?${query.toString()}`);
      yield* page.items;
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  async #json<T>(method: string, path: string, body?: unknown, keyed: Keyed = {}): Promise<T> {
    const response = await this.#fetch(method, path, { body, ...keyed });
    return (await response.json()) as T;
  }

  async #fetch(
    method: string,
    path: string,
    options: { body?: unknown; accept?: string; signal?: AbortSignal | undefined } & Keyed,
  ): Promise<Response> {
    const headers = new Headers({
      authorization: `Bearer ${this.#apiKey}`,
      accept: options.accept ?? "application/json",
    });
    if (options.body !== undefined) headers.set("content-type", "application/json");
    if (options.idempotencyKey !== undefined) headers.set("idempotency-key", options.idempotencyKey);
    const init: RequestInit = { method, headers, signal: options.signal ?? null };
    if (options.body !== undefined) init.body = JSON.stringify(options.body);
    const response = await fetch(`${this.#url}/api/v1${path}`, init).catch((error: unknown) => {
      throw new ApiError(0, { code: "unreachable", message: `No answer from ${this.#url}: ${reasonOf(error)}` });
    });
    if (response.ok) return response;
    throw await refusal(response);
  }
}

function isLast({ type }: ExecutionEvent): boolean {
  return type === "execution_completed" || type === "execution_failed" || type === "execution_terminated";
}

async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; details?: unknown } };
    return new ApiError(response.status, error, secondsOf(response.headers.get("retry-after")));
  } catch {
    return new ApiError(response.status, {
      code: "unexpected_answer",
      message: `HTTP ${response.status}: ${text.slice(0, 300)}`,
    });
  }
}

function secondsOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
