import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cancellation } from "#blocks/cancellation.ts";
import { blockRegistry } from "#blocks/registry.ts";
import { runBlock } from "#blocks/run-block.ts";
import { testContext } from "#blocks/test-context.testkit.ts";
import { systemClock } from "#worker/consumers/clock.ts";
import { BadServer } from "#test/unit/bad-server.testkit.ts";
import { createGuard } from "./guard.ts";
import { requestWhole } from "./request-whole.ts";

const WEB = "6595ae1f-b924-42cb-9a41-551a0611c4b4";

let server: BadServer;
beforeAll(async () => {
  server = await BadServer.start();
});
afterAll(() => server.stop());

/** What the HTTP block makes of the path: its output, or the code of its failure. */
async function ask(path: string): Promise<unknown> {
  const block = blockRegistry.get(WEB);
  if (block === undefined) {
    throw new Error("there is no HTTP block");
  }
  const { ctx } = testContext();
  const guard = createGuard({ allow: server.host, timeoutMs: 400, maxBytes: 1_000_000 });
  const owner = {
    cancellation: new Cancellation(),
    after: (ms: number, work: () => void) => systemClock.after(ms, work),
  };
  const request: typeof ctx.request = (url, asked) => requestWhole(guard, { ...asked, url }, owner);
  const data = { url: `http://${server.host}${path}`, method: "GET" };
  try {
    const outputs = await Array.fromAsync(runBlock(block, { input_default: {}, data }, { ...ctx, request }));
    return outputs[0];
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}

describe("a server that", () => {
  it.each([
    ["never answers", "/never", "egress_timeout"],
    ["stops within the head", "/half-a-head", "egress_timeout"],
    ["sends a byte at a time", "/drip", "egress_timeout"],
    ["sends without end", "/endless", "egress_too_large"],
    ["sends chunks without end", "/endless-chunks", "egress_too_large"],
    ["announces more than it sends", "/announces-more", "egress_network"],
    ["announces a terabyte", "/announces-a-terabyte", "egress_too_large"],
    ["announces a length that is none", "/announces-nonsense", "egress_network"],
    ["announces two lengths", "/announces-twice", "egress_network"],
    ["hangs up", "/hangs-up", "egress_network"],
    ["speaks no HTTP", "/no-http", "egress_network"],
    ["cuts its chunks wrong", "/broken-chunks", "egress_network"],
  ])("[BI9] %s fails the request with a code", async (_what, path, code) => {
    expect(await ask(path)).toBe(code);
  });

  it("[BI9] announces less than it sends is read up to there", async () => {
    expect([["response", "hello"], "egress_network"]).toContainEqual(await ask("/announces-less"));
  });

  it("behaves is heard", async () => {
    expect(await ask("/well")).toEqual(["response", "ok"]);
  });
});
