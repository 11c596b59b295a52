import * as z from "zod";
import { isUnsafeName } from "../own-property.ts";

/**
 * How many runs of one agent there may be, and when: `metadata.weft.flow` of a graph. Every setting applies to this agent alone; with a
 * `key`, to each value of that input by itself.
 */

const KEY_PREFIX = "inputs.";

/** A key names an input of the agent: `inputs.customer_id`. Everything after the first dot is the input's name. */
const flowKeySchema = z
  .string()
  .max(200 + KEY_PREFIX.length)
  .refine((key) => flowKeyInput(key) !== undefined, {
    error: 'must name an input of the agent, as in "inputs.customer_id"',
  });

const keyed = { key: flowKeySchema.optional() };

/** Most starts that a throttle may allow in one period: each is remembered until the period is over. */
const MAX_THROTTLE = 10_000;
const DAY_SECONDS = 86_400;

export const concurrencySchema = z.strictObject({ limit: z.int().min(1).max(10_000), ...keyed });

export const throttleSchema = z.strictObject({
  limit: z.int().min(1).max(MAX_THROTTLE),
  period_seconds: z
    .number()
    .min(1)
    .max(30 * DAY_SECONDS),
  ...keyed,
});

export const debounceSchema = z
  .strictObject({
    seconds: z
      .number()
      .min(0.1)
      .max(7 * DAY_SECONDS),
    /** However often it is put off, a start happens this long after the first one at the latest. Default: no such bound. */
    max_seconds: z
      .number()
      .min(0.1)
      .max(7 * DAY_SECONDS)
      .optional(),
    ...keyed,
  })
  .refine(({ seconds, max_seconds }) => max_seconds === undefined || max_seconds >= seconds, {
    error: "max_seconds must not be less than seconds",
  });

export const singletonSchema = z.strictObject({ mode: z.enum(["skip", "cancel_running"]), ...keyed });

export const FLOW_PRIORITIES = ["low", "normal", "high"] as const;
export type FlowPriority = (typeof FLOW_PRIORITIES)[number];

export const flowSettingsSchema = z.strictObject({
  /** At most `limit` runs at a time; more wait. A run that itself waits (timer, review) does not count. */
  concurrency: concurrencySchema.optional(),
  /** At most `limit` starts in any `period_seconds`; more wait. */
  throttle: throttleSchema.optional(),
  /** A start waits until no other came for `seconds`; the last one runs, the ones before end TERMINATED. */
  debounce: debounceSchema.optional(),
  /** One run at a time: another start is refused (`skip`) or takes the place of the first (`cancel_running`). */
  singleton: singletonSchema.optional(),
  /** Whose runs go first when runs of the workspace have to wait for room. */
  priority: z.enum(FLOW_PRIORITIES).optional(),
});
export type FlowSettings = z.infer<typeof flowSettingsSchema>;

/** The input that a flow key names; undefined when it names none. */
export function flowKeyInput(key: string): string | undefined {
  const name = key.startsWith(KEY_PREFIX) ? key.slice(KEY_PREFIX.length) : "";
  return name === "" || name.trim() !== name || isUnsafeName(name) ? undefined : name;
}

/** The settings that have a key, with their place in the file. */
export function flowKeys(flow: FlowSettings): { setting: string; key: string }[] {
  const { concurrency, throttle, debounce, singleton } = flow;
  const settings = { concurrency, throttle, debounce, singleton };
  return Object.entries(settings).flatMap(([setting, value]) =>
    value?.key === undefined ? [] : [{ setting, key: value.key }],
  );
}

/** Whether a start has to be asked for: without any of these a run needs nobody's leave while the workspace has room. */
export function restrictsStarts(flow: FlowSettings | null | undefined): flow is FlowSettings {
  return (flow?.concurrency ?? flow?.throttle ?? flow?.debounce ?? flow?.singleton) !== undefined;
}
