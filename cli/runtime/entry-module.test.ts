import { stripTypeScriptTypes } from "node:module";
import { beforeAll, describe, expect, it } from "vitest";
import { entryModule, SCHEDULED_PATH } from "./entry-module.ts";

interface Entry {
  fetch(request: Request, env: object, ctx: object): Promise<Response>;
  queue(): string;
}

const calls: unknown[] = [];
const env = { EMBEDDED_FILES: { fetch: () => new Response("file") }, WEFT_BOOTSTRAP_TOKEN: "t" };

/** The module with the built Worker in place of its import. */
async function load(files: string[]): Promise<Entry> {
  const built = `const built = {
    fetch: () => new Response("worker"),
    queue: () => "queue",
    scheduled: (controller) => { globalThis.__scheduled(controller); },
  };`;
  const source = entryModule("index.js", files).replace(/^import .*$/m, built);
  const url = `data:text/javascript,${encodeURIComponent(stripTypeScriptTypes(source))}`;
  return ((await import(/* @vite-ignore */ url)) as { default: Entry }).default;
}

describe("entryModule", () => {
  let entry: Entry;
  beforeAll(async () => {
    Reflect.set(globalThis, "__scheduled", (controller: unknown) => calls.push(controller));
    entry = await load(["/assets/a.js"]);
  });

  async function ask(path: string, init?: RequestInit): Promise<string> {
    const response = await entry.fetch(new Request(`http://weft${path}`, init), env, {});
    return `${response.status} ${await response.text()}`;
  }

  it("sends files to their server and everything else to the Worker", async () => {
    expect(await ask("/assets/a.js?x=1")).toBe("200 file");
    expect(await ask("/assets/b.js")).toBe("200 worker");
    expect(await ask("/api/v1/graphs", { method: "POST", body: "{}" })).toBe("200 worker");
    expect(entry.queue()).toBe("queue");
  });

  it("runs the scheduled handler for the starter and nobody else", async () => {
    const body = JSON.stringify({ cron: "* * * * *", scheduled_time: 5 });
    const as = (token: string): RequestInit => ({
      method: "POST",
      body,
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await ask(SCHEDULED_PATH, as("other"))).toBe("200 worker");
    expect(calls).toEqual([]);
    expect(await ask(SCHEDULED_PATH, as("t"))).toBe("204 ");
    expect(calls).toEqual([expect.objectContaining({ cron: "* * * * *", scheduledTime: 5 })]);
  });
});
