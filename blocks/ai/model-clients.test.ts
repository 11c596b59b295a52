import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { startFakeLlm } from "#cli/fake-llm/server.ts";
import type { FakeLlm } from "#cli/fake-llm/server.ts";
import type { FakeReply } from "#cli/fake-llm/fake-reply.ts";
import { BlockError } from "../define-block.ts";
import { anthropicClient } from "./anthropic-client.ts";
import type { ModelClient, ModelEndpoint, ModelRequest, ModelTool } from "./model-client.ts";
import { openAiClient } from "./openai-client.ts";

const KEY = "sk-canary-4f9d2c71a0";

let server: FakeLlm;

beforeAll(async () => {
  server = await startFakeLlm();
});
afterEach(() => {
  server.requests.length = 0;
});
afterAll(() => server.close());

const PROVIDERS = [
  { protocol: "openai", make: openAiClient, baseUrl: () => server.openAiBaseUrl, model: "gpt-4o" },
  { protocol: "anthropic", make: anthropicClient, baseUrl: () => server.anthropicBaseUrl, model: "claude-sonnet-5-5" },
] as const;

describe.each(PROVIDERS)("the $protocol client", ({ protocol, make, baseUrl, model }) => {
  const endpoint = (change: Partial<ModelEndpoint> = {}): ModelEndpoint => ({
    name: "The model",
    apiKey: KEY,
    baseUrl: baseUrl(),
    fetch,
    ...change,
  });
  const client = (change: Partial<ModelEndpoint> = {}): ModelClient => make(endpoint(change));
  const request = (change: Partial<ModelRequest> = {}): ModelRequest => ({
    model,
    messages: [{ role: "user", content: "Hello there." }],
    signal: new AbortController().signal,
    ...change,
  });

  async function failure(reply: FakeReply, change: Partial<ModelRequest> = {}): Promise<BlockError> {
    server.enqueue(reply);
    const error: unknown = await client()
      .generate(request(change))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BlockError);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error)).not.toContain(KEY);
    return error as BlockError;
  }

  it("sends the key against repetition that it is given, and none else", async () => {
    const keys: (string | null)[] = [];
    const watched: ModelEndpoint["fetch"] = (input, init) => {
      keys.push(new Request(input, init).headers.get("idempotency-key"));
      return fetch(input, init);
    };
    for (const idempotencyKey of ["run:n1:1", undefined]) {
      server.enqueue({ text: "Hi." });
      await client({ fetch: watched }).generate(request({ idempotencyKey }));
    }
    expect(keys).toEqual(["run:n1:1", null]);
  });

  it("streams text as it comes", async () => {
    const text = "One two three four five six seven eight nine, 你好 🙂 end.";
    server.enqueue({ text, usage: { inputTokens: 11, outputTokens: 22 } });
    const pieces: string[] = [];
    const reply = await client().generate(request({ onText: (piece) => pieces.push(piece) }));
    expect(reply).toEqual({ text, toolCalls: [], stop: "end", usage: { inputTokens: 11, outputTokens: 22 } });
    expect(pieces.join("")).toBe(text);
    expect(pieces.length).toBeGreaterThan(2);
    expect(server.requests[0]).toMatchObject({ protocol, model, stream: true });
  });

  it("sends the key, the conversation and the limit", async () => {
    await client().generate(
      request({
        maxTokens: 77,
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "One." },
          { role: "assistant", content: "Two." },
          { role: "user", content: "Three." },
        ],
      }),
    );
    const [sent] = server.requests;
    expect(sent?.messages).toEqual([
      { role: "system", text: "Be brief." },
      { role: "user", text: "One." },
      { role: "assistant", text: "Two." },
      { role: "user", text: "Three." },
    ]);
    expect(sent?.maxTokens).toBe(77);
    expect(sent?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it("works without a key where the server wants none", async () => {
    expect((await client({ apiKey: "" }).generate(request())).text).toContain("Hello there.");
  });

  it("calls tools and carries their results", async () => {
    const tools: ModelTool[] = [
      {
        name: "add",
        description: "Adds.",
        parameters: { type: "object", properties: { a: { type: "number" }, b: { type: "number" } } },
      },
      { name: "look_up", parameters: { type: "object", properties: {} } },
    ];
    server.enqueue({
      text: "Let me see.",
      toolCalls: [
        { name: "add", arguments: '{"a": 1, "b": 2}' },
        { name: "look_up", arguments: "{}" },
      ],
    });
    const first = await client().generate(request({ tools }));
    expect(first).toMatchObject({ text: "Let me see.", stop: "tool_calls" });
    expect(first.toolCalls.map(({ name, arguments: text }) => [name, JSON.parse(text)])).toEqual([
      ["add", { a: 1, b: 2 }],
      ["look_up", {}],
    ]);
    expect(new Set(first.toolCalls.map((call) => call.id)).size).toBe(2);
    expect(server.requests[0]?.tools.map((tool) => tool.name)).toEqual(["add", "look_up"]);

    const second = await client().generate(
      request({
        tools,
        messages: [
          { role: "user", content: "What is 1 + 2?" },
          { role: "assistant", content: first.text, toolCalls: first.toolCalls },
          ...first.toolCalls.map(
            (call) => ({ role: "tool", toolCallId: call.id, content: `${call.name} gave 3` }) as const,
          ),
        ],
      }),
    );
    expect(second.text).toBe("The tool answered: look_up gave 3");
    expect(
      server.requests[1]?.messages.filter((message) => message.role === "tool").map((message) => message.text),
    ).toEqual(["add gave 3", "look_up gave 3"]);
  });

  it.each(["required", { name: "add" }] as const)("can force a tool (%j)", async (toolChoice) => {
    const tools = [
      { name: "add", parameters: { type: "object", properties: { a: { type: "integer" } }, required: ["a"] } },
    ];
    const reply = await client().generate(request({ tools, toolChoice }));
    expect(reply.toolCalls.map((call) => [call.name, JSON.parse(call.arguments)])).toEqual([["add", { a: 1 }]]);
  });

  it("gets JSON of a schema as text", async () => {
    const schema = {
      type: "object",
      properties: { city: { type: "string", description: "City" }, n: { type: "integer" } },
      required: ["city", "n"],
    };
    const reply = await client().generate(request({ format: { name: "answer", schema } }));
    expect(JSON.parse(reply.text)).toEqual({ city: 'City for "Hello there."', n: 1 });
    expect(reply).toMatchObject({ stop: "end", toolCalls: [] });
  });

  it.each(["length", "refused"] as const)("tells when it stopped by %s", async (stop) => {
    server.enqueue({ text: "So far", stop });
    expect(await client().generate(request())).toMatchObject({ text: "So far", stop });
  });

  it("takes an empty answer", async () => {
    server.enqueue({ text: "" });
    expect(await client().generate(request())).toMatchObject({ text: "", toolCalls: [], stop: "end" });
  });

  it("asks once and says when to come back on 429", async () => {
    const error = await failure({ error: { status: 429, message: `Slow down, ${KEY}`, retryAfterSeconds: 7 } });
    expect(error).toMatchObject({ code: "model_rate_limited", retryable: true, retryAfterMs: 7_000 });
    expect(error.message).toContain("Slow down, [redacted]");
    expect(server.requests.length).toBe(1);
  });

  it.each([500, 502, 503, 529])("is unavailable on %i", async (status) => {
    expect(await failure({ error: { status, message: "Oh no" } })).toMatchObject({
      code: "model_unavailable",
      retryable: true,
    });
    expect(server.requests.length).toBe(1);
  });

  it.each([
    [401, "bad key", "model_unauthorized"],
    [403, "not for you", "model_unauthorized"],
    [404, "no such model", "model_not_found"],
    [400, "odd parameter", "model_rejected"],
    [413, "too large", "model_input_too_long"],
    [400, "This model's maximum context length is 10 tokens", "model_input_too_long"],
    [400, "prompt is too long: 300000 tokens", "model_input_too_long"],
  ])("does not come back on %i (%s)", async (status, message, code) => {
    const error = await failure({ error: { status, message } });
    expect(error).toMatchObject({ code, retryable: false });
    expect(error.message).toContain(message);
  });

  it("tells a stream that is cut from one that is complete", async () => {
    expect(await failure({ text: "one two three four five six seven", cutAfter: 1 })).toMatchObject({
      code: "model_unavailable",
      retryable: true,
    });
  });

  it("fails on an error within the stream", async () => {
    expect(await failure({ text: "one two three four five six seven", errorAfter: 1 })).toMatchObject({
      code: "model_unavailable",
      retryable: true,
    });
  });

  it("stops on abort, before, within and after the first text, and hangs up", async () => {
    const reason = new Error("cancelled");
    await expect(client().generate(request({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);

    const slow = new AbortController();
    const hungUp = server.nextHangUp();
    server.enqueue({ text: "one two three four five six seven", stallAfter: 1 });
    const stalled = client().generate(request({ signal: slow.signal, onText: () => slow.abort(reason) }));
    await expect(stalled).rejects.toBe(reason);
    await hungUp;

    const early = new AbortController();
    server.enqueue({ text: "late", delayMs: 60_000 });
    const waiting = client({
      fetch: (input, init) => {
        const answer = fetch(input, init);
        answer.then(
          () => early.abort(reason),
          () => undefined,
        );
        return answer;
      },
    }).generate(request({ signal: early.signal }));
    await expect(waiting).rejects.toBe(reason);
  });

  it("passes the codes of the guarded fetch on", async () => {
    const refuse = () =>
      Promise.reject(new BlockError("egress_blocked_address", "Not a public address.", { retryable: false }));
    const error: unknown = await client({ fetch: refuse })
      .generate(request())
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: "egress_blocked_address",
      message: "The model: Not a public address.",
      retryable: false,
    });
  });

  it("is unavailable when nobody listens", async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const error: unknown = await client({ baseUrl: `http://127.0.0.1:${port}` })
      .generate(request())
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "model_unavailable", retryable: true });
  });

  it.each([
    ["a page of HTML", "text/html", "<html>Sign in</html>"],
    ["JSON instead of a stream", "application/json", '{"choices":[],"content":[]}'],
    ["a broken event", "text/event-stream", "event: message_start\ndata: {nonsense\n\n"],
    ["nothing", "text/event-stream", ""],
  ])("is unavailable when the server sends %s", async (_, type, body) => {
    const answer = () => Promise.resolve(new Response(body, { headers: { "content-type": type } }));
    const error: unknown = await client({ fetch: answer })
      .generate(request())
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "BlockError", code: "model_unavailable", retryable: true });
  });

  it("reads nothing from the environment", async () => {
    for (const name of ["API_KEY", "AUTH_TOKEN", "ORG_ID", "PROJECT_ID", "ADMIN_KEY"]) {
      vi.stubEnv(`OPENAI_${name}`, "env");
      vi.stubEnv(`ANTHROPIC_${name}`, "env");
    }
    vi.stubEnv("OPENAI_BASE_URL", "http://127.0.0.1:1");
    vi.stubEnv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1");
    try {
      const asked: { url: string; headers: string }[] = [];
      const refuse: typeof fetch = (input, init) => {
        asked.push({ url: String(input), headers: JSON.stringify([...new Headers(init?.headers)]) });
        return Promise.reject(new BlockError("egress_network", "no"));
      };
      await client({ apiKey: "", baseUrl: undefined, fetch: refuse })
        .generate(request())
        .catch(() => undefined);
      expect(asked.length).toBe(1);
      expect(new URL(asked[0]?.url ?? "").host).toBe(protocol === "openai" ? "api.openai.com" : "api.anthropic.com");
      expect(asked[0]?.headers).not.toContain("env");
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe("the openai client", () => {
  const ask = async (
    change: Partial<ModelEndpoint>,
    request: Partial<ModelRequest> = {},
  ): Promise<Record<string, unknown>> => {
    let body: unknown;
    const refuse: typeof fetch = (_, init) => {
      body = JSON.parse(String(init?.body));
      return Promise.reject(new BlockError("egress_network", "no"));
    };
    const client = openAiClient({ name: "The model", apiKey: KEY, baseUrl: undefined, fetch: refuse, ...change });
    const signal = new AbortController().signal;
    await client
      .generate({ model: "m", messages: [{ role: "user", content: "x" }], signal, ...request })
      .catch(() => undefined);
    return body as Record<string, unknown>;
  };

  it("names the limit as OpenAI does there, and as others do elsewhere", async () => {
    expect(await ask({}, { maxTokens: 5 })).toMatchObject({ max_completion_tokens: 5 });
    expect(await ask({ baseUrl: "http://localhost:1/v1" }, { maxTokens: 5 })).toMatchObject({ max_tokens: 5 });
    const body = await ask({});
    expect("max_tokens" in body || "max_completion_tokens" in body).toBe(false);
  });

  it("takes calls of tools without number or id", async () => {
    const chunk = (choice: object) => `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`;
    const call = { function: { name: "add", arguments: "{}" } };
    const body = `${chunk({ delta: { tool_calls: [call] } })}${chunk({ delta: {}, finish_reason: "tool_calls" })}data: [DONE]\n\n`;
    const answer = () => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
    const client = openAiClient({ name: "m", apiKey: "", baseUrl: "http://localhost:1", fetch: answer });
    const reply = await client.generate({
      model: "m",
      messages: [{ role: "user", content: "x" }],
      signal: new AbortController().signal,
    });
    expect(reply).toEqual({
      text: "",
      toolCalls: [{ id: "call_0", name: "add", arguments: "{}" }],
      stop: "tool_calls",
      usage: { inputTokens: 0, outputTokens: 0 },
    });
  });
});
