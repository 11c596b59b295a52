import { afterAll, beforeAll, describe, expect, it } from "vitest";
import aiTextGenerator from "#blocks/ai/ai-text-generator.ts";
import { runBlock } from "#blocks/run-block.ts";
import { testContext } from "#blocks/test-context.testkit.ts";
import { startFakeLlm } from "#cli/fake-llm/server.ts";
import type { FakeLlm } from "#cli/fake-llm/server.ts";
import type { JsonObject } from "#graph/json.ts";
import { createEgress } from "./create-egress.ts";

/** The clients of model providers over the guarded `fetch` and real connections. */
let server: FakeLlm;

beforeAll(async () => {
  server = await startFakeLlm();
});
afterAll(() => server.close());

async function ask(
  data: JsonObject,
  options: { allow?: string; openai?: string; anthropic?: string } = {},
): Promise<unknown> {
  const credentials = {
    openai: { apiKey: "canary", ...(options.openai === undefined ? {} : { baseUrl: options.openai }) },
    anthropic: { apiKey: "canary", ...(options.anthropic === undefined ? {} : { baseUrl: options.anthropic }) },
  };
  const { ctx } = testContext({ credentials });
  const egress = createEgress({ allow: options.allow ?? "", resolve: () => Promise.resolve([]) });
  for await (const [pin, value] of runBlock(
    aiTextGenerator,
    { input_default: {}, data: { prompt: "Hello", ...data } },
    { ...ctx, fetch: egress },
  )) {
    if (pin === "response") {
      return value;
    }
  }
  return undefined;
}

describe("model clients through the guard", () => {
  it("reach an allowed server", async () => {
    const allow = server.address;
    expect(await ask({ model: "gpt-4o" }, { allow, openai: server.openAiBaseUrl })).toBe("You wrote 1 word: Hello");
    expect(await ask({ model: "claude-x" }, { allow, anthropic: server.anthropicBaseUrl })).toBe(
      "You wrote 1 word: Hello",
    );
    expect(await ask({ model: "llama3", ollama_host: server.address }, { allow })).toBe("You wrote 1 word: Hello");
  });

  it("reach no other private one, whichever way they are pointed at it", async () => {
    server.requests.length = 0;
    const { port } = new URL(server.url);
    for (const [data, options] of [
      [{ model: "gpt-4o" }, { openai: server.openAiBaseUrl }],
      [{ model: "claude-x" }, { anthropic: server.anthropicBaseUrl }],
      [{ model: "llama3", ollama_host: server.address }, {}],
      [{ model: "llama3", ollama_host: `localhost:${port}` }, { allow: server.address }],
      [{ model: "llama3", ollama_host: `http://127.1:${port}` }, {}],
      [{ model: "llama3", ollama_host: `[::ffff:127.0.0.1]:${port}` }, {}],
      [{ model: "llama3", ollama_host: `http://2130706433:${port}/v1` }, {}],
      [{ model: "llama3", ollama_host: "169.254.169.254" }, {}],
      [{ model: "llama3" }, {}],
    ] as const) {
      const error: unknown = await ask(data, options).catch((caught: unknown) => caught);
      expect(error, JSON.stringify(data)).toMatchObject({
        name: "BlockError",
        code: "egress_blocked_address",
        retryable: false,
      });
      expect(String(error)).toContain("WEFT_EGRESS_ALLOW");
    }
    expect(server.requests).toEqual([]);
  });
});
