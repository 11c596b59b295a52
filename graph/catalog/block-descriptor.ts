import type { JsonSchema } from "../json.ts";

/**
 * What an attempt does outside of the run, and so what a lost one means. `pure`: nothing, and it asks nobody. `safe`: it asks, and changes nothing (RFC 9110 §9.2.1). `idempotent`:
 * twice is as once. These may run again; a `once` block may not.
 */
export const BLOCK_EFFECTS = ["pure", "safe", "idempotent", "once"] as const;
export type BlockEffects = (typeof BLOCK_EFFECTS)[number];

/** The queue a block's work goes through. Light and I/O work is `io`; the other two have consumers of their own. */
export type BlockPool = "io" | "cpu" | "memory";

/** AutoGPT's `uiType` (reference: autogpt.md §5). Decides how the graph treats the node, never how the engine runs it. */
export type BlockUiType =
  | "Standard"
  | "Input"
  | "Output"
  | "Note"
  | "Webhook"
  | "Webhook (manual)"
  | "Agent"
  | "AI"
  | "Human In The Loop"
  | "MCP Tool";

export const BLOCK_CATEGORIES = [
  "AI",
  "SOCIAL",
  "TEXT",
  "SEARCH",
  "BASIC",
  "INPUT",
  "OUTPUT",
  "LOGIC",
  "COMMUNICATION",
  "DEVELOPER_TOOLS",
  "DATA",
  "HARDWARE",
  "AGENT",
  "CRM",
  "SAFETY",
  "PRODUCTIVITY",
  "ISSUE_TRACKING",
  "MULTIMEDIA",
  "MARKETING",
] as const;
export type BlockCategory = (typeof BLOCK_CATEGORIES)[number];

/** Names of the input pins of a block that gathers. */
export interface Gathers {
  /** Every value that arrives here is one element. */
  pin: string;
  /** How many make a list; without a value there, all that will ever arrive. */
  count_pin: string;
}

/** Effects that depend on a value of the node: those of the input pin's text, for the texts that are named; else the block's own. */
export interface EffectsBy {
  pin: string;
  effects: Record<string, BlockEffects>;
}

/**
 * Everything that the graph, the engine, the API and the editor know of a block: plain data, no code.
 * The catalogue of `GET /api/v1/blocks` is a list of these.
 */
export interface BlockDescriptor {
  /** Stable id; AutoGPT's UUID where both platforms have the block. */
  id: string;
  /** Counted up when the block does something else with the same input, which its pins do not show: results kept before do not serve any more. */
  version?: number;
  name: string;
  description: string;
  categories: BlockCategory[];
  ui_type: BlockUiType;
  /** Its outputs are kept and reused for every later execution of the node they are linked to. */
  static_output: boolean;
  effects: BlockEffects;
  /** Holds where the value stands in the node itself, so that it is known before the run (graph/plan/effects-of-node.ts). */
  effects_by?: EffectsBy;
  pool: BlockPool;
  /** Longest time one attempt may take, ms. */
  timeout_ms: number;
  input_schema: JsonSchema;
  output_schema: JsonSchema;
  /** True when the block may not run in this deployment. */
  disabled: boolean;
  /** It gathers the values of one input pin to a list instead of running once for each. */
  gathers?: Gathers;
  /** It acts on the outside in a way that may have to be approved first (AutoGPT: `is_sensitive_action`). */
  sensitive?: boolean;
  /** It may put its node to sleep: until a time, or until people or others act. A dry run gives a sample instead, however harmless it is. */
  waits?: boolean;
}

/** Look-up of descriptors by block id. */
export interface BlockCatalog {
  get(blockId: string): BlockDescriptor | undefined;
}
