import { expect, it } from "vitest";
import { readServerSentEvents } from "./server-sent-events.ts";

async function read(...chunks: string[]): Promise<string[]> {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
  return Array.fromAsync(readServerSentEvents(new Response(body)));
}

it("puts events together again, however they were cut", async () => {
  const text = 'id: 1\nevent: a\ndata: {"seq":1}\n\n: keep-alive\n\nid: 2\r\ndata: {"seq":\r\ndata: 2}\r\n\r\n';
  const whole = ['{"seq":1}', '{"seq":\n2}'];
  expect(await read(text)).toEqual(whole);
  for (let cut = 1; cut < text.length; cut++) expect(await read(text.slice(0, cut), text.slice(cut))).toEqual(whole);
});

it("drops an event that the connection cut short", async () => {
  expect(await read('data: {"seq":1}\n\ndata: {"seq":2}\n')).toEqual(['{"seq":1}']);
});
