import { BlockError } from "#blocks/define-block.ts";
import { findStored, markerOf, replaceStored } from "#durable-objects/execution/core/stored-value.ts";
import type { Output, Parts } from "#durable-objects/execution/core/stored-value.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { isJsonObject } from "#graph/json-value.ts";
import { recordOf } from "#graph/own-property.ts";
import { selectOutput } from "#graph/pins/dynamic-pins.ts";
import type { Wait } from "#graph/run/wait.ts";
import { judgeValue, MAX_VALUE_BYTES, STORE_ABOVE } from "./judge-value.ts";
import type { Judgement } from "./judge-value.ts";
import type { ValueOwner, ValueStore } from "./value-store.ts";

/** How deep the parts of a wait are stored one by one: the inputs of another agent's run lie two levels down. */
const WAIT_DEPTH = 2;

/**
 * Small values of one attempt lie in the log until they take this many bytes; further ones do only when they are very small, so that a block that takes
 * a large value apart does not put all of it into the log (rule BV13).
 */
export const ALL_SPENT = Number.POSITIVE_INFINITY;
const INLINE_BYTES = 4 * 1024 * 1024;
const STORE_ABOVE_THEN = 4 * 1024;

/** What an attempt needs of them. */
export type AttemptValues = Pick<RunValues, "keepOutput" | "keepWait" | "open" | "sizeOf" | "forget">;

type Large = Extract<Judgement, { inline: false }>;

/** The large values of one run: stored before anybody is told of them, and read before a block gets them. */
export class RunValues {
  readonly #store: ValueStore;
  readonly #owner: ValueOwner;
  readonly #above: number;
  #wrote = false;

  /** @param above bytes of JSON from which on a value is stored; smaller in tests */
  constructor(store: ValueStore, owner: ValueOwner, above: number = STORE_ABOVE) {
    this.#store = store;
    this.#owner = owner;
    this.#above = above;
  }

  /**
   * An output as it is reported, and about how many bytes of it go into the log. Not a promise when there is nothing to be stored: most have nothing.
   * @param spent bytes that earlier outputs of the attempt put into the log; `ALL_SPENT` when its input was such an output
   * @throws BlockError `value_too_large`; StorageUnavailable
   */
  keepOutput(
    [pin, value]: [pin: string, value: JsonValue],
    { selects, spent }: { selects: readonly string[] | undefined; spent: number },
  ): { output: Output; inline: number } | Promise<{ output: Output; inline: number }> {
    const judged = judgeValue(value, spent > INLINE_BYTES ? Math.min(STORE_ABOVE_THEN, this.#above) : this.#above);
    if (judged.inline) {
      return { output: [pin, value], inline: judged.size };
    }
    return this.#keepLarge(pin, value, judged, selects ?? []);
  }

  /** @throws BlockError `value_too_large`; StorageUnavailable */
  async keep(value: JsonValue): Promise<JsonValue> {
    const judged = judgeValue(value, this.#above);
    return judged.inline ? value : this.#put(judged);
  }

  /** The values of a record one by one; the very one given when none is large. */
  async keepMembers(values: JsonObject, depth = 1): Promise<JsonObject> {
    let changed = false;
    const kept: [string, JsonValue][] = [];
    for (const [name, value] of Object.entries(values)) {
      const member = depth > 1 ? await this.keepDeep(value, depth - 1) : await this.keep(value);
      changed ||= member !== value;
      kept.push([name, member]);
    }
    return changed ? recordOf(kept) : values;
  }

  /** A value with what is large in it stored part by part down to a depth, so that the rest can be read without the storage. */
  async keepDeep(value: JsonValue, depth: number): Promise<JsonValue> {
    if (judgeValue(value, this.#above).inline || depth === 0 || !isJsonObject(value)) {
      return this.keep(value);
    }
    const members = await this.keepMembers(value, depth);
    // With markers in it now, so only its size can be a reason to store the whole.
    return JSON.stringify(members).length > this.#above ? this.keep(value) : members;
  }

  async keepWait(wait: Wait): Promise<Wait> {
    return {
      ...wait,
      state: await this.keep(wait.state),
      payload: await this.keepDeep(wait.payload, WAIT_DEPTH),
    };
  }

  /** The parts of a value that links select, large ones stored. */
  async partsOf(pin: string, value: JsonValue, selects: readonly string[]): Promise<Parts | undefined> {
    const parts: Parts = [];
    for (const name of selects) {
      const selected = selectOutput(pin, value, name);
      if (selected.matched) {
        parts.push([name, await this.keep(selected.value)]);
      }
    }
    return parts.length === 0 ? undefined : parts;
  }

  /** Bytes of the stored values in a value; and whether one of them would have been small enough for the log (rule BV13). */
  sizeOf(value: JsonValue): { size: number; small: boolean } {
    const stored = [...findStored(value).values()];
    return {
      size: stored.reduce((sum, { size }) => sum + size, 0),
      small: stored.some(({ size }) => size <= this.#above),
    };
  }

  /** A value with the stored ones put in. @throws StorageUnavailable, ValueMissing */
  async open<T extends JsonValue>(value: T): Promise<T> {
    const stored = findStored(value);
    if (stored.size === 0) {
      return value;
    }
    const texts = new Map<string, string>();
    for (const { sha256 } of stored.values()) {
      texts.set(sha256, new TextDecoder().decode(await this.#store.get(this.#owner, sha256)));
    }
    // Each place gets a copy of its own: a block may take its input apart.
    return replaceStored(value, ({ sha256 }) => JSON.parse(texts.get(sha256) ?? "null") as JsonValue) as T;
  }

  /** The run was deleted meanwhile: what was stored for it since is nobody's. */
  async forget(): Promise<void> {
    if (this.#wrote) {
      await this.#store.deleteAll(this.#owner);
    }
  }

  async #keepLarge(
    pin: string,
    value: JsonValue,
    judged: Large,
    selects: readonly string[],
  ): Promise<{ output: Output; inline: number }> {
    const marker = await this.#put(judged);
    const parts = await this.partsOf(pin, value, selects);
    return { output: parts === undefined ? [pin, marker] : [pin, marker, parts], inline: 512 };
  }

  async #put({ bytes, type, preview }: Large): Promise<JsonValue> {
    if (bytes.byteLength > MAX_VALUE_BYTES) {
      throw new BlockError(
        "value_too_large",
        `A value may take ${MAX_VALUE_BYTES.toLocaleString("en")} bytes of JSON, and this one takes ${bytes.byteLength.toLocaleString("en")}. ` +
          "Split it into smaller ones, or keep the data elsewhere and pass its address on.",
      );
    }
    this.#wrote = true;
    const sha256 = await this.#store.put(this.#owner, bytes);
    return markerOf({ sha256, size: bytes.byteLength, type, preview });
  }
}
