import * as z from "zod";
import type {
  BlockCategory,
  BlockDescriptor,
  BlockEffects,
  BlockPool,
  BlockUiType,
  EffectsBy,
  Gathers,
} from "#graph/catalog/block-descriptor.ts";
import type { JsonSchema, JsonValue } from "#graph/json.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import type { Resume, Wait } from "#graph/run/wait.ts";

/** A provider's key and address, as the deployment or the owner set them. */
export interface ProviderCredential {
  apiKey: string;
  /** Base URL that replaces the provider's own. */
  baseUrl?: string;
}

/** What a model costs, US dollars a million tokens. */
export interface ModelPrice {
  input: number;
  output: number;
  /** Input that the provider had in its cache; absent: the same as other input. */
  cachedInput?: number;
  /** Of a request with more than `above` tokens of input everything costs so many times as much. */
  long?: { above: number; input: number; output: number };
}

export type Fetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;

/** A request whose answer is wanted whole. */
export interface WholeRequest {
  /** Default GET. */
  method?: string;
  /** Names in any case. */
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Whether the body of an answer with this status is to be read. Default: of any. */
  wants?: (status: number) => boolean;
  /** Largest answer, bytes after decompression. Can only lower the deployment's own cap. */
  maxBytes?: number;
  /** Time for everything, from the name's resolution to the last byte, ms. Default 60,000; at most 600,000. */
  timeoutMs?: number;
}

/** An answer, read to its end. */
export interface WholeAnswer {
  status: number;
  headers: Pick<Headers, "get">;
  /** Null: an answer of this kind has none (RFC 9110 §6.4.1: to HEAD, and with the status 204, 205 or 304), or it was not wanted. */
  body: ArrayBuffer | null;
}

/** All that a block may reach. There is no other way out: no bindings, no environment, no global `fetch`. */
export interface BlockContext {
  /** The guarded `fetch` (see worker/egress): refuses private addresses, caps size and time, checks redirects. */
  fetch: Fetch;
  /**
   * The same guard for a request whose answer is read whole anyway, with less work for the runtime; it ends with the attempt. Throws what `fetch` throws, also for
   * an answer that breaks off.
   */
  request(url: string, request?: WholeRequest): Promise<WholeAnswer>;
  /** Aborts on cancel, time-out and lost lease. */
  signal: AbortSignal;
  /** Stable over all attempts of this node execution. Send it as `Idempotency-Key` where the remote supports one. */
  idempotencyKey: string;
  /** Credential of a provider (`openai`, `anthropic`, `ollama`, …), or undefined when none is configured. */
  credential(provider: string): Promise<ProviderCredential | undefined>;
  /** What the owner of the deployment says that a model of a provider costs; undefined when nothing is said of it. */
  modelPrice(provider: string, model: string): ModelPrice | undefined;
  /** Adds to the usage of this node execution. */
  usage(add: NodeUsage): void;
  /** Current time, ms since the epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Resolves after `ms`, rejects when `signal` aborts. */
  sleep(ms: number): Promise<void>;
  /**
   * Attempts that the node's retry policy has left after this one for failures with that code; 0 without a policy, or when it leaves the code out. For a
   * block that has something to give in the end and would rather fail before.
   */
  retriesLeft(code: string): number;
  /** Set when the block goes on after a `Suspension`. */
  resume: Resume | null;
  /**
   * The address at which a call from outside ends this node execution's wait of the kind `callback`; the same over all attempts. @throws BlockError
   * `no_public_url` when the deployment does not know its own address
   */
  callbackUrl(): string;
  logger: { info(message: string, data?: object): void; warn(message: string, data?: object): void };
  run: {
    executionId: string;
    nodeExecutionId: string;
    nodeId: string;
    graphId: string;
    graphVersion: number;
    attempt: number;
  };
}

/**
 * Thrown by a block that cannot finish now: its execution waits without anything running, and the block is called again with `ctx.resume` when the
 * time has come or what it waits for has happened. What was yielded before stays yielded and must not be yielded again.
 */
export class Suspension extends Error {
  readonly wait: Wait;
  constructor(wait: Wait) {
    super(`The block waits for ${wait.kind === "timer" ? "a time" : `a ${wait.kind}`}.`);
    this.name = "Suspension";
    this.wait = wait;
  }
}

/** One answer that `ctx.fetch` gives in an example, in the order of the calls. */
export interface ExampleResponse {
  /** Exact URL that the block must ask for. */
  url: string;
  method?: string;
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
}

/** An example is documentation and a test at once: `expect` lists every `[pin, value]` in order of yield. */
export interface BlockExample {
  name: string;
  input: Record<string, unknown>;
  fetch?: ExampleResponse[];
  credentials?: Record<string, ProviderCredential>;
  /** ms since the epoch that `ctx.now()` starts at. */
  now?: number;
  /** What `ctx.random()` returns, in turn. */
  random?: number[];
  /** For a block that waits: the waits it asks for, in turn, and how each ends. Times pass at once. */
  waits?: { kind: Wait["kind"]; payload?: unknown; reason?: Resume["reason"]; data?: unknown }[];
  expect?: [pin: string, value: unknown][];
  /** The block fails, and its message contains this. */
  expectError?: string;
}

type Yield<O> = { [K in keyof O & string]: [pin: K, value: O[K]] }[keyof O & string];

export interface BlockSpec<I extends z.ZodObject, O extends z.ZodObject> {
  id: string;
  /** To be counted up when the block does something else with the same input: results that were kept before do not serve any more. Default 1. */
  version?: number;
  name: string;
  description: string;
  categories: BlockCategory[];
  /** Default `Standard`. */
  uiType?: BlockUiType;
  /** Default false. */
  staticOutput?: boolean;
  effects: BlockEffects;
  /** Other effects for some values of an input pin, where the value stands in the node itself. */
  effectsBy?: EffectsBy;
  /** Default `io`. */
  pool?: BlockPool;
  /** The block gets all gathered values as a list at that pin. */
  gathers?: Gathers;
  /** It may throw a `Suspension`. Default false. */
  waits?: boolean;
  /** Whose credentials it may use: a result that was kept serves only while they are the same. Default: none. */
  providers?: readonly string[];
  /** Longest attempt, ms. Default 10 minutes, which is also the most. */
  timeoutMs?: number;
  input: I;
  /** Pins. `error` is added to every block but those of type Input, Output, Note and Agent. */
  output: O;
  examples: BlockExample[];
  /** Yields `[pin, value]`; throw `BlockError` (or anything) to fail. */
  run: (args: { input: z.output<I>; ctx: BlockContext }) => AsyncGenerator<Yield<z.input<O>>, void, undefined>;
}

/** A block as the registry holds it, its types erased. */
export interface Block {
  descriptor: BlockDescriptor;
  providers: readonly string[];
  input: z.ZodObject;
  output: z.ZodObject;
  examples: BlockExample[];
  run: (args: { input: never; ctx: BlockContext }) => AsyncGenerator<[pin: string, value: unknown], void, undefined>;
}

/**
 * A failure that a block foresees. `code` is stable; `retryable` tells whether another attempt may succeed: `false` is final, unless the node's retry
 * policy names the code; undefined leaves it to the policy.
 */
export class BlockError extends Error {
  readonly code: string;
  readonly retryable: boolean | undefined;
  /** Earliest next attempt, ms from now (a `Retry-After`). */
  readonly retryAfterMs: number | undefined;
  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean | undefined; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "BlockError";
    this.code = code;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs;
  }
}

const DEFAULT_TIMEOUT_MS = 600_000;
const WITHOUT_ERROR_PIN: ReadonlySet<BlockUiType> = new Set<BlockUiType>(["Input", "Output", "Note", "Agent"]);

/** Declares a block. The zod schemas are the only truth about its pins: types, JSON Schema and checks come from them. */
export function defineBlock<I extends z.ZodObject, O extends z.ZodObject>(spec: BlockSpec<I, O>): Block {
  const uiType = spec.uiType ?? "Standard";
  const output =
    WITHOUT_ERROR_PIN.has(uiType) || "error" in spec.output.shape
      ? spec.output
      : spec.output.extend({
          error: z.string().optional().meta({ title: "Error", description: "Why the block failed." }),
        });
  return {
    descriptor: {
      id: spec.id,
      ...(spec.version === undefined ? {} : { version: spec.version }),
      name: spec.name,
      description: spec.description,
      categories: spec.categories,
      ui_type: uiType,
      static_output: spec.staticOutput ?? false,
      effects: spec.effects,
      ...(spec.effectsBy === undefined ? {} : { effects_by: spec.effectsBy }),
      pool: spec.pool ?? "io",
      timeout_ms: Math.min(spec.timeoutMs ?? DEFAULT_TIMEOUT_MS, DEFAULT_TIMEOUT_MS),
      input_schema: describe(spec.input, "input"),
      output_schema: describe(output, "output"),
      disabled: false,
      ...(spec.gathers === undefined ? {} : { gathers: spec.gathers }),
      ...(spec.waits === true ? { waits: true } : {}),
    },
    providers: spec.providers ?? [],
    input: spec.input,
    output,
    examples: spec.examples,
    run: spec.run as unknown as Block["run"],
  };
}

/** JSON Schema of a block's pins; like AutoGPT's, a field with a default is `advanced` unless it says otherwise (autogpt.md §5). */
function describe(schema: z.ZodObject, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as JsonSchema;
  const required = new Set(json.required ?? []);
  for (const [name, property] of Object.entries(json.properties ?? {})) {
    property.title ??= titleOf(name);
    if (io === "input") {
      property.advanced ??= !required.has(name);
    }
  }
  return json;
}

function titleOf(name: string): string {
  return name
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
}

export type { JsonValue };
