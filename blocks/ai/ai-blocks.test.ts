import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startFakeLlm } from "#cli/fake-llm/server.ts";
import type { FakeLlm } from "#cli/fake-llm/server.ts";
import type { JsonObject } from "#graph/json.ts";
import type { Block, ProviderCredential } from "../define-block.ts";
import { runBlock } from "../run-block.ts";
import { testContext } from "../test-context.testkit.ts";
import aiStructuredResponseGenerator from "./ai-structured-response-generator.ts";
import aiTextGenerator from "./ai-text-generator.ts";

let server: FakeLlm;

beforeAll(async () => {
  server = await startFakeLlm();
});
afterEach(() => {
  server.requests.length = 0;
});
afterAll(() => server.close());

/** A context whose `fetch` is the real one, with the fake server behind both providers. */
function context(credentials?: Record<string, ProviderCredential>) {
  const all = {
    openai: { apiKey: "test-key", baseUrl: server.openAiBaseUrl },
    anthropic: { apiKey: "test-key", baseUrl: server.anthropicBaseUrl },
  };
  const test = testContext({ credentials: credentials ?? all });
  return { ...test, ctx: { ...test.ctx, fetch } };
}

async function run(block: Block, data: JsonObject, at = context()) {
  const outputs: Record<string, unknown> = {};
  for await (const [pin, value] of runBlock(block, { input_default: {}, data }, at.ctx)) {
    outputs[pin] = value;
  }
  return outputs;
}

describe.each(["gpt-4o", "claude-sonnet-5-5"])("AITextGeneratorBlock with %s", (model) => {
  it("answers and counts the tokens", async () => {
    server.enqueue({ text: "Hi.", usage: { inputTokens: 5, outputTokens: 2 } });
    const at = context();
    const prompt_values = { who: "<Ann>" };
    const outputs = await run(
      aiTextGenerator,
      { prompt: "Greet {{who}}", sys_prompt: "S {{who}}", prompt_values, model, max_tokens: 9 },
      at,
    );
    expect(outputs).toEqual({
      response: "Hi.",
      prompt: [
        { role: "system", content: "S <Ann>" },
        { role: "user", content: "Greet <Ann>" },
      ],
    });
    expect(at.usage).toEqual({ input_tokens: 5, output_tokens: 2, calls: 1 });
    expect(server.requests[0]?.maxTokens).toBe(9);
  });

  it("leaves braces alone when there are no values", async () => {
    await run(aiTextGenerator, { prompt: "Explain {{ x }} and {% y", model });
    expect(server.requests[0]?.messages.at(-1)?.text).toBe("Explain {{ x }} and {% y");
  });

  it("asks again after an empty answer, and gives up in the end", async () => {
    server.enqueue({ text: " " }, { text: "There." });
    const at = context();
    expect((await run(aiTextGenerator, { prompt: "x", model }, at)).response).toBe("There.");
    expect(at.usage.calls).toBe(2);
    server.enqueue({ text: "" }, { text: "" });
    await expect(run(aiTextGenerator, { prompt: "x", model, retry: 2 })).rejects.toMatchObject({
      code: "malformed_output",
      retryable: true,
    });
  });

  it("fails with what the provider says", async () => {
    server.enqueue({ error: { status: 429, message: "Slow", retryAfterSeconds: 4 } });
    await expect(run(aiTextGenerator, { prompt: "x", model })).rejects.toMatchObject({
      code: "model_rate_limited",
      retryable: true,
      retryAfterMs: 4_000,
    });
    server.enqueue({ text: "I will not.", stop: "refused" });
    await expect(run(aiTextGenerator, { prompt: "x", model })).rejects.toMatchObject({
      code: "model_refused",
      retryable: undefined,
    });
    expect(server.requests.length).toBe(2);
  });

  it("stops when it is cancelled", async () => {
    const at = context();
    server.enqueue({ text: "one two three four five", stallAfter: 1 });
    const hungUp = server.nextHangUp();
    const done = run(
      aiTextGenerator,
      { prompt: "x", model },
      {
        ...at,
        ctx: {
          ...at.ctx,
          fetch: async (input, init) => {
            const response = await fetch(input, init);
            at.abort(new Error("cancelled"));
            return response;
          },
        },
      },
    );
    await expect(done).rejects.toMatchObject({ code: "aborted" });
    await hungUp;
  });
});

describe.each([
  ["gpt-4o", false],
  ["gpt-4o", true],
  ["claude-sonnet-5-5", false],
  ["claude-sonnet-5-5", true],
])("AIStructuredResponseGeneratorBlock with %s, forced %s", (model, force_json_output) => {
  const base = { prompt: "A city in {{country}}.", prompt_values: { country: "France" }, model, force_json_output };
  const expected_format = { city: "Name of the city", people: "How many live there" };

  it("gives an object with the keys", async () => {
    const outputs = await run(aiStructuredResponseGenerator, { ...base, expected_format });
    expect(outputs.response).toEqual({
      city: 'Name of the city for "A city in France."',
      people: 'How many live there for "A city in France."',
    });
  });

  it("gives a list of them", async () => {
    const outputs = await run(aiStructuredResponseGenerator, { ...base, expected_format, list_result: true });
    expect(outputs.response).toHaveLength(2);
    expect((outputs.response as object[]).every((item) => Object.keys(item).join() === "city,people")).toBe(true);
  });

  it("puts what came before in front of the prompt", async () => {
    const conversation_history = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: [{ type: "text", text: "Hello" }] },
    ];
    await run(aiStructuredResponseGenerator, {
      ...base,
      expected_format,
      conversation_history,
      sys_prompt: "Be exact.",
    });
    const texts = server.requests[0]?.messages
      .filter((message) => message.role !== "system")
      .map((message) => message.text);
    expect(texts).toEqual(["Hi", '[{"type":"text","text":"Hello"}]', "A city in France."]);
    expect(server.requests[0]?.messages[0]?.text).toContain("Be exact.");
  });

  it("sends a useless answer back with the reason", async () => {
    const reply = (text: string) =>
      force_json_output && model.startsWith("claude") ? { toolCalls: [{ name: "answer", arguments: text }] } : { text };
    server.enqueue(reply('{"city": "Paris"}'), reply('{"city": "Paris", "people": 2}'));
    const at = context();
    const outputs = await run(aiStructuredResponseGenerator, { ...base, expected_format }, at);
    expect(outputs.response).toEqual({ city: "Paris", people: 2 });
    expect(server.requests[1]?.messages.slice(-2)).toEqual([
      { role: "assistant", text: '{"city": "Paris"}' },
      { role: "user", text: expect.stringContaining('These keys are missing: "people".') as string },
    ]);
    expect(at.usage.calls).toBe(2);
  });

  it("gives up after the last try", async () => {
    await expect(
      run(aiStructuredResponseGenerator, { ...base, expected_format, model: `${model}-fault-malformed`, retry: 2 }),
    ).rejects.toMatchObject({
      code: "malformed_output",
      message: expect.stringMatching(/asked 2 times.*no complete JSON value/s) as string,
    });
    expect(server.requests.length).toBe(2);
  });

  it("says when an answer is too long for max_tokens", async () => {
    server.enqueue({ text: '{"city": "Par', stop: "length" });
    await expect(run(aiStructuredResponseGenerator, { ...base, expected_format, retry: 1 })).rejects.toMatchObject({
      code: "malformed_output",
      message: expect.stringContaining("raise max_tokens") as string,
    });
  });

  it("does not ask again on errors of the provider", async () => {
    server.enqueue({ error: { status: 500 } });
    await expect(run(aiStructuredResponseGenerator, { ...base, expected_format })).rejects.toMatchObject({
      code: "model_unavailable",
    });
    expect(server.requests.length).toBe(1);
  });

  it("gives any text when no keys are expected", async () => {
    server.enqueue({ text: "Paris." });
    expect((await run(aiStructuredResponseGenerator, { ...base, expected_format: {} })).response).toEqual({
      response: "Paris.",
    });
  });

  it("keeps a key that is named __proto__", async () => {
    const format = JSON.parse('{"__proto__": "odd", "constructor": "odder"}') as Record<string, string>;
    const outputs = await run(aiStructuredResponseGenerator, { ...base, expected_format: format });
    expect(Object.keys(outputs.response as object)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>).odd).toBeUndefined();
  });
});

describe("AIStructuredResponseGeneratorBlock", () => {
  const input = { prompt: "x", expected_format: { a: "an a" } };

  it("does without a format that the server does not take", async () => {
    server.enqueue({ error: { status: 400, message: "Unknown parameter: response_format" } });
    const outputs = await run(aiStructuredResponseGenerator, { ...input, force_json_output: true });
    expect(outputs.response).toEqual({ a: 'an a for "x"' });
    expect(server.requests.map((request) => request.format.type)).toEqual(["schema", "text"]);
  });

  it("shortens a conversation that is too long, or does not when told so", async () => {
    const tooLong = { error: { status: 400, message: "This model's maximum context length is 10 tokens." } };
    const conversation_history = Array.from({ length: 4 }, (_, index) => ({ role: "user", content: `m${index}` }));
    const prompt = "word ".repeat(100);
    server.enqueue(tooLong, tooLong, tooLong, tooLong);
    await run(aiStructuredResponseGenerator, { ...input, prompt, conversation_history });
    const lengths = server.requests.map((request) => request.messages.length);
    expect(lengths).toEqual([6, 4, 3, 2, 2]);
    expect(server.requests[4]?.messages.at(-1)?.text.length).toBeLessThan(prompt.length);

    server.enqueue(tooLong);
    await expect(run(aiStructuredResponseGenerator, { ...input, compress_prompt_to_fit: false })).rejects.toMatchObject(
      {
        code: "model_input_too_long",
      },
    );
    server.enqueue(tooLong);
    await expect(run(aiStructuredResponseGenerator, input)).rejects.toMatchObject({ code: "model_input_too_long" });
  });

  it("refuses a history that it cannot send", async () => {
    await expect(
      run(aiStructuredResponseGenerator, { ...input, conversation_history: [{ role: "robot" }] }),
    ).rejects.toMatchObject({
      code: "invalid_history",
    });
  });
});

describe("the choice of the provider", () => {
  const ask = (data: JsonObject, credentials: Record<string, ProviderCredential>) =>
    run(aiTextGenerator, { prompt: "x", ...data }, context(credentials));

  it.each([
    ["gpt-4o", "OPENAI"],
    ["anthropic/claude-3", "OPENAI"],
    ["claude-opus-5", "ANTHROPIC"],
    ["Claude-Opus-5", "ANTHROPIC"],
  ])("for %s without a key names %s_API_KEY and a way to try it", async (model, variable) => {
    const error: unknown = await ask({ model }, {}).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "missing_credential", retryable: false });
    for (const part of [`${variable}_API_KEY`, `${variable}_BASE_URL`, "npm run weft -- fake-llm"]) {
      expect(String(error)).toContain(part);
    }
  });

  it("takes a base URL without a key", async () => {
    expect((await ask({ model: "any" }, { openai: { apiKey: "", baseUrl: server.openAiBaseUrl } })).response).toContain(
      "You wrote",
    );
  });

  it("finds Ollama by prefix, by AutoGPT's names or by the pin, and sends it no other provider's key", async () => {
    const openai = { apiKey: "openai-canary" };
    const atServer = { ollama_host: server.address };
    for (const [data, model] of [
      [{ model: "ollama/qwen3", ...atServer }, "qwen3"],
      [{ model: "llama3.1:405b", ...atServer }, "llama3.1:405b"],
      [{ model: "mixtral", ollama_host: `${server.url}/` }, "mixtral"],
      [{ model: "mixtral", ollama_host: server.openAiBaseUrl }, "mixtral"],
    ] as const) {
      server.requests.length = 0;
      await ask(data, { openai, ollama: { apiKey: "ollama-canary", baseUrl: "http://127.0.0.1:1" } });
      expect(server.requests[0]?.model).toBe(model);
      expect(JSON.stringify(server.requests[0]?.headers)).not.toContain("canary");
    }
  });

  it("uses the configured Ollama, with its key, when the pin says nothing", async () => {
    await ask({ model: "llama3" }, { ollama: { apiKey: "ollama-key", baseUrl: server.url } });
    expect(server.requests[0]?.headers.authorization).toBe("Bearer ollama-key");
  });

  it("leaves AutoGPT's Ollama names to OPENAI_BASE_URL when that is set", async () => {
    await ask({ model: "llama3" }, { openai: { apiKey: "k", baseUrl: server.openAiBaseUrl } });
    expect(server.requests[0]?.model).toBe("llama3");
  });

  it.each(["file:///etc/passwd", "http://", "a b"])("refuses the Ollama host %s", async (ollama_host) => {
    await expect(ask({ model: "m", ollama_host }, {})).rejects.toMatchObject({ code: "invalid_ollama_host" });
  });

  it("wants a model", async () => {
    await expect(ask({ model: " " }, {})).rejects.toMatchObject({ code: "missing_model" });
  });
});
