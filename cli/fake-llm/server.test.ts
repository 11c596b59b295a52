import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startFakeLlm } from "./server.ts";
import type { FakeLlm } from "./server.ts";

let server: FakeLlm;

beforeAll(async () => {
  server = await startFakeLlm();
});
afterEach(() => {
  server.requests.length = 0;
});
afterAll(() => server.close());

function chat(body: object, headers: Record<string, string> = { authorization: "Bearer k" }): Promise<Response> {
  return fetch(`${server.url}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) });
}

function messages(body: object, headers: Record<string, string> = {}): Promise<Response> {
  const all = { "x-api-key": "k", "anthropic-version": "2023-06-01", ...headers };
  return fetch(`${server.url}/v1/messages`, {
    method: "POST",
    headers: all,
    body: JSON.stringify({ max_tokens: 100, ...body }),
  });
}

const user = (content: string) => [{ role: "user", content }];

async function events(response: Response): Promise<{ event: string | undefined; data: string }[]> {
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  return (await response.text())
    .split("\n\n")
    .filter((part) => part !== "")
    .map((part) => ({ event: /^event: (.*)$/m.exec(part)?.[1], data: /^data: (.*)$/m.exec(part)?.[1] ?? "" }));
}

describe("OpenAI's protocol", () => {
  it("answers whole", async () => {
    const response = await chat({ model: "gpt-4o", messages: user("Hello there. How are you?") });
    expect(await response.json()).toEqual({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: expect.any(Number) as number,
      model: "gpt-4o",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "You wrote 5 words: Hello there. How are you?", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: { prompt_tokens: 7, completion_tokens: 11, total_tokens: 18 },
      system_fingerprint: "fp_fake",
    });
  });

  it("streams, with usage only when asked", async () => {
    const body = { model: "m", messages: user("Hi"), stream: true };
    const plain = await events(await chat(body));
    expect(plain.at(-1)?.data).toBe("[DONE]");
    const chunks = plain.slice(0, -1).map(
      ({ data }) =>
        JSON.parse(data) as {
          choices: { delta: { content?: string }; finish_reason: string | null }[];
          usage?: object;
        },
    );
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("You wrote 1 word: Hi");
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.every((chunk) => !("usage" in chunk))).toBe(true);

    const counted = await events(await chat({ ...body, stream_options: { include_usage: true } }));
    expect(JSON.parse(counted.at(-2)?.data ?? "")).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 1, total_tokens: 6 },
    });
    expect(JSON.parse(counted[0]?.data ?? "")).toMatchObject({ usage: null });
  });

  it("calls tools, whole and streamed", async () => {
    const tools = [
      {
        type: "function",
        function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
      },
    ];
    const body = { model: "m", messages: user("Use get_weather for Paris"), tools };
    const whole = (await (await chat(body)).json()) as { choices: object[] };
    const args = '{"city":"city for \\"Use get_weather for Paris\\""}';
    expect(whole.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: null,
        tool_calls: [{ id: "call_1_0", type: "function", function: { name: "get_weather", arguments: args } }],
      },
    });
    const streamed = await events(await chat({ ...body, stream: true }));
    expect(
      streamed
        .map(({ data }) =>
          data === "[DONE]"
            ? ""
            : ((JSON.parse(data) as { choices: { delta: { tool_calls?: { function: { arguments: string } }[] } }[] })
                .choices[0]?.delta.tool_calls?.[0]?.function.arguments ?? ""),
        )
        .join(""),
    ).toBe(args);
  });

  it("keeps to a JSON Schema and to json_object", async () => {
    const schema = {
      type: "object",
      properties: {
        kind: { enum: ["a", "b"] },
        n: { type: "integer", minimum: 5 },
        list: { type: "array", items: { type: "boolean" } },
      },
    };
    const format = { type: "json_schema", json_schema: { name: "x", schema } };
    const content = async (response_format: object, text: string) => {
      const answer = (await (await chat({ model: "m", messages: user(text), response_format })).json()) as {
        choices: { message: { content: string } }[];
      };
      return JSON.parse(answer.choices[0]?.message.content ?? "") as unknown;
    };
    expect(await content(format, "x")).toEqual({ kind: "a", n: 5, list: [true, true] });
    expect(await content({ type: "json_object" }, "As JSON please")).toEqual({
      response: "You wrote 3 words: As JSON please",
    });
    expect((await chat({ model: "m", messages: user("x"), response_format: { type: "json_object" } })).status).toBe(
      400,
    );
  });

  it("lists models", async () => {
    expect(await (await fetch(`${server.url}/v1/models`)).json()).toMatchObject({
      object: "list",
      data: [{ object: "model" }, {}, {}, {}],
    });
  });

  it.each([
    [{}, { authorization: "Bearer k" }, 400, "invalid_request_error"],
    [{ model: "m", messages: [] }, { authorization: "Bearer k" }, 400, "invalid_request_error"],
    [
      { model: "m", messages: [{ role: "robot", content: "x" }] },
      { authorization: "Bearer k" },
      400,
      "invalid_request_error",
    ],
    [{ model: "m", messages: user("x") }, {}, 401, "invalid_request_error"],
    [{ model: "m", messages: user("x") }, { authorization: "Bearer invalid" }, 401, "invalid_request_error"],
    [{ model: "fault-429", messages: user("x") }, { authorization: "Bearer k" }, 429, "requests"],
    [{ model: "m", messages: user("x") }, { authorization: "Bearer k", "x-fake-fault": "500" }, 500, "server_error"],
  ])("refuses %j with %j as %i", async (body, headers, status, type) => {
    const response = await chat(body, headers as Record<string, string>);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String) as string, type } });
    expect(response.headers.get("retry-after")).toBe(status === 429 ? "2" : null);
  });

  it("refuses what is no JSON and what it does not have", async () => {
    const bad = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer k" },
      body: "{",
    });
    expect(bad.status).toBe(400);
    expect((await fetch(`${server.url}/v2/nothing`)).status).toBe(404);
  });
});

describe("Anthropic's protocol", () => {
  it("answers whole", async () => {
    const response = await messages({
      model: "claude-sonnet-5-5",
      messages: user("Hello"),
      system: [{ type: "text", text: "Kind." }],
    });
    expect(await response.json()).toEqual({
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-5-5",
      content: [{ type: "text", text: "You wrote 1 word: Hello", citations: null }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: {
        input_tokens: 3,
        output_tokens: 6,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        service_tier: "standard",
      },
    });
  });

  it("streams its events in order", async () => {
    const parts = await events(await messages({ model: "claude-x", messages: user("Hi"), stream: true }));
    expect([...new Set(parts.map((part) => part.event))]).toEqual([
      "message_start",
      "ping",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(parts.every((part) => (JSON.parse(part.data) as { type: string }).type === part.event)).toBe(true);
    const text = parts
      .map((part) => (JSON.parse(part.data) as { delta?: { text?: string } }).delta?.text ?? "")
      .join("");
    expect(text).toBe("You wrote 1 word: Hi");
  });

  it("calls a forced tool and hears of its result", async () => {
    const tools = [{ name: "pick", input_schema: { type: "object", properties: { n: { type: "number" } } } }];
    const call = (await (
      await messages({ model: "c", messages: user("x"), tools, tool_choice: { type: "tool", name: "pick" } })
    ).json()) as { content: object[] };
    expect(call).toMatchObject({
      stop_reason: "tool_use",
      content: [{ type: "tool_use", id: "toolu_1_0", name: "pick", input: { n: 1 } }],
    });
    const turns = [
      ...user("x"),
      { role: "assistant", content: call.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1_0", content: "7" }] },
    ];
    expect(await (await messages({ model: "c", messages: turns, tools })).json()).toMatchObject({
      content: [{ text: "The tool answered: 7" }],
    });
  });

  it.each([
    [{ model: "c", messages: user("x") }, { "anthropic-version": "" }, 200, ""],
    [{ messages: user("x") }, {}, 400, "invalid_request_error"],
    [{ model: "c", messages: [] }, {}, 400, "invalid_request_error"],
    [{ model: "c", messages: [{ role: "system", content: "x" }] }, {}, 400, "invalid_request_error"],
    [
      { model: "c", messages: [{ role: "user", content: [{ type: "text", text: "" }] }] },
      {},
      400,
      "invalid_request_error",
    ],
    [{ model: "c", messages: user("x") }, { "x-api-key": "invalid" }, 401, "authentication_error"],
    [{ model: "c-fault-429", messages: user("x") }, {}, 429, "rate_limit_error"],
    [{ model: "c-fault-500", messages: user("x") }, {}, 500, "api_error"],
  ])("answers %j with %j by %i", async (body, headers, status, type) => {
    const response = await messages(body, headers as Record<string, string>);
    expect(response.status).toBe(status);
    if (status !== 200) {
      expect(await response.json()).toMatchObject({
        type: "error",
        error: { type, message: expect.any(String) as string },
      });
    }
  });

  it("wants max_tokens and its version", async () => {
    expect((await messages({ model: "c", messages: user("x"), max_tokens: undefined })).status).toBe(400);
    const bare = await fetch(`${server.url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": "k" },
      body: "{}",
    });
    expect(bare.status).toBe(400);
  });
});

describe("answers", () => {
  it("come from the queue first, in order", async () => {
    server.enqueue({ text: "one" }, { text: "two" });
    const text = async () =>
      (
        (await (await chat({ model: "m", messages: user("x") })).json()) as {
          choices: { message: { content: string } }[];
        }
      ).choices[0]?.message.content;
    expect([await text(), await text(), await text()]).toEqual(["one", "two", "You wrote 1 word: x"]);
    expect(server.requests.map((request) => request.messages[0]?.text)).toEqual(["x", "x", "x"]);
  });

  it("fill in a JSON Schema that the prompt shows", async () => {
    const system = `Answer as JSON:\n${JSON.stringify({ type: "object", properties: { name: { description: "A name" } } }, null, 2)}`;
    const body = { model: "c", system, messages: user("for {me}") };
    expect(await (await messages(body)).json()).toMatchObject({
      content: [{ text: '{"name":"A name for \\"for {me}\\""}' }],
    });
  });

  it("can be cut", async () => {
    const response = await chat({ model: "fault-cut", messages: user("one two three four"), stream: true });
    await expect(response.text()).rejects.toThrow();
  });

  it("can stall until the client goes", async () => {
    const abort = new AbortController();
    const hungUp = server.nextHangUp();
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer k" },
      body: JSON.stringify({ model: "fault-stall", messages: user("one two three four"), stream: true }),
      signal: abort.signal,
    });
    const reader = response.body?.getReader();
    await reader?.read();
    abort.abort();
    await hungUp;
  });
});
