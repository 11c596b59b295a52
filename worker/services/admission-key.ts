import { createHash } from "node:crypto";
import type { AdmissionTicket } from "#durable-objects/workspace/protocol.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { flowKeyInput } from "#graph/model/flow-settings.ts";
import type { FlowSettings } from "#graph/model/flow-settings.ts";
import { getOwn } from "#graph/own-property.ts";

/** The same text for equal values, whatever the order of their keys. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonicalJson).join(",")}]`;
  }
  if (typeof value !== "object" || value === null) {
    return JSON.stringify(value);
  }
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, element]) => `${JSON.stringify(key)}:${canonicalJson(element)}`).join(",")}}`;
}

/** What a request asks for, as a hash: two requests with one key must have the same. */
export function fingerprintOf(request: JsonObject): string {
  return sha256(canonicalJson(request));
}

/** The values of the keys of an agent's flow settings in one run. Hashed: they may be people's data. */
export function flowKeyValues(flow: FlowSettings, inputs: JsonObject): AdmissionTicket["keys"] {
  const value = (key: string | undefined): string | undefined =>
    key === undefined ? undefined : sha256(canonicalJson(getOwn(inputs, flowKeyInput(key) ?? "") ?? null)).slice(0, 32);
  const keys: AdmissionTicket["keys"] = {};
  for (const setting of ["concurrency", "throttle", "debounce", "singleton"] as const) {
    const hashed = value(flow[setting]?.key);
    if (hashed !== undefined) {
      keys[setting] = hashed;
    }
  }
  return keys;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
