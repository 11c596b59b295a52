import { STORED_KEY } from "#durable-objects/execution/core/stored-value.ts";
import type { StoredType } from "#durable-objects/execution/core/stored-value.ts";
import type { JsonValue } from "#graph/json.ts";

/** A value whose JSON takes more bytes than this is stored by itself, outside of the log. */
export const STORE_ABOVE = 256 * 1024;

/** Most bytes of JSON that one value may take. */
export const MAX_VALUE_BYTES = 100_000_000;

const PREVIEW_LENGTH = 240;

/** A character of a text takes at most this many bytes of JSON: a control character, escaped. */
const MAX_CHARACTER_BYTES = 6;

/** What a number, a boolean or null takes. */
const PLAIN_BYTES = { most: 25, about: 8 };

/** The key as JSON text has it. */
const KEY_TEXT = JSON.stringify(STORED_KEY);

export type Judgement =
  | { inline: true; /** About how many bytes it takes. */ size: number }
  | { inline: false; bytes: Uint8Array; type: StoredType; preview: string };

/**
 * Whether a value may lie in the log, or is to be stored: because it is large, or because it has the key of markers in it (rule BV4). A value that is
 * clearly small is only walked over; of others the text is made.
 */
export function judgeValue(value: JsonValue, above: number = STORE_ABOVE): Judgement {
  if (above >= PLAIN_BYTES.most && (typeof value === "number" || typeof value === "boolean" || value === null)) {
    return { inline: true, size: PLAIN_BYTES.about };
  }
  const { most, about, reserved } = measure(value, above);
  if (most <= above && !reserved) {
    return { inline: true, size: about };
  }
  const text = JSON.stringify(value);
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength <= above && !reserved && !text.includes(KEY_TEXT)) {
    return { inline: true, size: bytes.byteLength };
  }
  return { inline: false, bytes, type: typeOf(value), preview: previewOf(text) };
}

/** What the JSON takes at most and about, in bytes; ends early once it may be more than `above`. */
function measure(root: JsonValue, above: number): { most: number; about: number; reserved: boolean } {
  let most = 0;
  let about = 0;
  const add = (value: JsonValue): void => {
    if (typeof value === "string") {
      most += value.length * MAX_CHARACTER_BYTES + 3;
      about += value.length + 3;
    } else if (typeof value === "object" && value !== null) {
      open.push(value);
    } else {
      most += PLAIN_BYTES.most;
      about += PLAIN_BYTES.about;
    }
  };
  const open: object[] = [];
  add(root);
  for (let item = open.pop(); item !== undefined && most <= above; item = open.pop()) {
    most += 3;
    about += 3;
    if (Array.isArray(item)) {
      for (const element of item as JsonValue[]) {
        add(element);
      }
      continue;
    }
    for (const [key, element] of Object.entries(item as Record<string, JsonValue>)) {
      if (key === STORED_KEY) {
        return { most, about, reserved: true };
      }
      most += key.length * MAX_CHARACTER_BYTES + 4;
      about += key.length + 4;
      add(element);
    }
  }
  return { most, about, reserved: false };
}

function typeOf(value: JsonValue): StoredType {
  if (value === null) {
    return "null";
  }
  return Array.isArray(value) ? "array" : (typeof value as StoredType);
}

/** Never half of a surrogate pair. */
function previewOf(text: string): string {
  const last = text.charCodeAt(PREVIEW_LENGTH - 1);
  const torn = text.length > PREVIEW_LENGTH && last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, torn ? PREVIEW_LENGTH - 1 : PREVIEW_LENGTH);
}
