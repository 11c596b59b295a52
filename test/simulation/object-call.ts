import type { ExecutionObject } from "#durable-objects/execution/execution.ts";
import { SocketPair } from "./sockets.ts";

export type Answer = { ok: true; value: unknown } | { ok: false; error: string };

/** Of a method of an object, as it arrives there. */
export interface Call {
  method: string;
  args: unknown[];
  reply: (answer: Answer) => void;
}

export async function invoke(object: ExecutionObject, { method, args }: Call): Promise<unknown> {
  if (method === "fetchLive") {
    const [url, workspace] = args as [string, string];
    const response = await object.fetch(new Request(url, { headers: { "X-Weft-Workspace": workspace } }));
    return (response.webSocket ?? null) as unknown as SocketPair | null;
  }
  const methods = object as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const work = methods[method];
  if (work === undefined) {
    throw new Error(`the object has no method ${method}`);
  }
  return work.apply(object, args);
}

/** For the story. */
export function shorten(value: unknown): string {
  const text =
    JSON.stringify(value, (_key, part: unknown) => (part instanceof SocketPair ? "a socket" : part)) ?? "nothing";
  return text.length > 900 ? `${text.slice(0, 900)}…` : text;
}
