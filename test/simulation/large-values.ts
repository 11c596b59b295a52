import { findStored, hasStoredKey, markerOf, replaceStored } from "#durable-objects/execution/core/stored-value.ts";
import type { Output } from "#durable-objects/execution/core/stored-value.ts";
import type { LogBatch } from "#durable-objects/execution/core/log-event.ts";
import type { JsonValue } from "#graph/json.ts";
import { selectOutput } from "#graph/pins/dynamic-pins.ts";
import type { Wait } from "#graph/run/wait.ts";
import type { AttemptValues } from "#worker/values/run-values.ts";
import { StorageUnavailable } from "#worker/values/value-store.ts";
import type { Random } from "./random.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

/**
 * Large values in a world where they are not large: whatever takes more than a few characters is stored, and the storage fails at times. Every run has
 * its own, as in worker/values.
 */
export class LargeValues {
  readonly #world: World;
  readonly #random: Random;
  readonly #above: number;
  readonly #failing: number;
  /** By run and hash. */
  readonly #stored = new Map<string, JsonValue>();

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.stream("large values");
    this.#above = this.#random.pick([2, 30, 120]);
    this.#failing = this.#random.pick([0, 0.02, 0.2]);
    world.note(() => `values of more than ${this.#above} characters are stored`);
  }

  /** What the consumers of a run have. */
  of(executionId: string): AttemptValues {
    const keep = (value: JsonValue): JsonValue => {
      if (JSON.stringify(value).length <= this.#above && !hasStoredKey(value)) {
        return value;
      }
      this.#mayFail();
      return this.#put(executionId, value);
    };
    return {
      keepOutput: ([pin, value], { selects }) => {
        if (JSON.stringify(value).length <= this.#above && !hasStoredKey(value)) {
          return { output: [pin, value], inline: 1 };
        }
        return Promise.resolve().then(() => ({ output: this.#output(keep, [pin, value], selects ?? []), inline: 1 }));
      },
      keepWait: async (wait: Wait) => ({ ...wait, state: keep(wait.state), payload: keep(wait.payload) }),
      sizeOf: (value) => ({ size: findStored(value).size, small: false }),
      open: async <T extends JsonValue>(value: T) => {
        this.#mayFail();
        return this.#open(executionId, value) as T;
      },
      forget: async () => undefined,
    };
  }

  /** What the Worker does for a parent that hears of its child's outputs. */
  carry(from: string, to: string, outputs: Output[], selects: string[]): Output[] {
    this.#mayFail();
    return outputs.map(([pin, value]) => {
      const whole = this.#open(from, value);
      return this.#output((part) => this.#keep(to, part), [pin, whole], selects);
    });
  }

  /** What a parent's node asks for, as the Worker reads it. */
  opened(executionId: string, value: JsonValue): JsonValue {
    return this.#open(executionId, value);
  }

  /** What the Worker does for a new run that takes over results of an old one (rule BV9). */
  copyAll(from: string, to: string): void {
    for (const [key, value] of this.#stored) {
      if (key.startsWith(`${from} `)) {
        this.#stored.set(`${to} ${key.slice(from.length + 1)}`, value);
      }
    }
  }

  /** A batch of a run as it would be if nothing were stored. Whatever its log names the run has as its own. */
  expanded(executionId: string, batch: LogBatch): LogBatch {
    const events = this.#open(executionId, batch.events as unknown as JsonValue);
    return { ...batch, events: (events as unknown as LogBatch["events"]).map(withoutParts) };
  }

  #output(
    keep: (value: JsonValue) => JsonValue,
    [pin, value]: [string, JsonValue],
    selects: readonly string[],
  ): Output {
    const kept = keep(value);
    if (kept === value) {
      return [pin, value];
    }
    const parts = selects.flatMap((name): [string, JsonValue][] => {
      const selected = selectOutput(pin, value, name);
      return selected.matched ? [[name, keep(selected.value)]] : [];
    });
    return parts.length === 0 ? [pin, kept] : [pin, kept, parts];
  }

  #keep(executionId: string, value: JsonValue): JsonValue {
    return JSON.stringify(value).length <= this.#above ? value : this.#put(executionId, value);
  }

  #put(executionId: string, value: JsonValue): JsonValue {
    const text = JSON.stringify(value);
    const sha256 = hashOf(text);
    this.#stored.set(`${executionId} ${sha256}`, value);
    return markerOf({ sha256, size: text.length, type: "object", preview: text.slice(0, 4) });
  }

  #open(executionId: string, value: JsonValue): JsonValue {
    return replaceStored(value, ({ sha256 }) => {
      const stored = this.#stored.get(`${executionId} ${sha256}`);
      if (stored === undefined) {
        const missing = new Violation("no-surprise", `run ${executionId} has a marker of ${sha256}, and not its value`);
        // Thrown alone it would pass for a storage that does not answer.
        this.#world.fail(missing);
        throw missing;
      }
      return structuredClone(stored);
    });
  }

  #mayFail(): void {
    if (this.#world.faults.on && this.#random.chance(this.#failing)) {
      throw new StorageUnavailable("the storage does not answer");
    }
  }
}

function withoutParts(event: LogBatch["events"][number]): LogBatch["events"][number] {
  if (event.type !== "node_output") {
    return event;
  }
  const { parts: _parts, ...rest } = event;
  return rest;
}

/** Of nobody's making but good enough to tell a few thousand texts apart. */
function hashOf(text: string): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (let index = 0; index < text.length; index += 1) {
    a = Math.imul(a ^ text.charCodeAt(index), 0x01000193);
    b = Math.imul(b + text.charCodeAt(index), 0x2c1b3c6d) ^ (b >>> 13);
  }
  return `${(a >>> 0).toString(16)}${(b >>> 0).toString(16)}${text.length.toString(16)}`;
}
