import { describe, expect, it } from "vitest";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { eventStream } from "./event-stream.ts";
import type { EventFeed } from "./event-stream.ts";

const PAGE = 500;

function event(seq: number, last: number): ExecutionEvent {
  const header = { seq, at: "2026-01-01T00:00:00.000Z" };
  const type = seq === last ? ("execution_terminated" as const) : ("execution_running" as const);
  return (
    type === "execution_running" ? { ...header, type } : { ...header, type, reason: "x".repeat(200), stats: {} }
  ) as ExecutionEvent;
}

/** A run of `last` events, of which `stored` are there when it is asked; the rest comes over the socket. */
class FakeFeed implements EventFeed {
  readonly pages: number[] = [];
  readonly lives: number[] = [];
  closed = 0;
  accepted = false;
  send: (event: ExecutionEvent) => void = () => {};
  drop: () => void = () => {};
  fails = false;
  readonly #stored: number;
  readonly #last: number;

  constructor(stored: number, last: number) {
    this.#stored = stored;
    this.#last = last;
  }

  page(after: number): ReturnType<EventFeed["page"]> {
    this.pages.push(after);
    if (this.fails) {
      return Promise.reject(new Error("not now"));
    }
    const count = Math.max(0, Math.min(PAGE, this.#stored - after));
    const items = Array.from({ length: count }, (_, index) => event(after + 1 + index, this.#last));
    return Promise.resolve({ items, last_seq: this.#stored, ended: this.#stored === this.#last });
  }

  live(after: number): Promise<WebSocket> {
    this.lives.push(after);
    const socket = {
      accept: () => (this.accepted = true),
      close: () => (this.closed += 1),
      addEventListener: (type: string, listen: (message: { data: string }) => void) => {
        if (type === "message") {
          this.send = (one) => listen({ data: JSON.stringify(one) });
        } else if (type === "close") {
          this.drop = () => listen({ data: "" });
        }
      },
    };
    return Promise.resolve(socket as unknown as WebSocket);
  }
}

/** Whatever can go on now, goes on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

async function follows(feed: FakeFeed): Promise<void> {
  while (!feed.accepted) {
    await turn();
  }
}

function seqs(text: string): number[] {
  return [...text.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq));
}

function upTo(count: number, from = 1): number[] {
  return Array.from({ length: count - from + 1 }, (_, index) => from + index);
}

describe("eventStream", () => {
  it("[LV1] reads a long log no faster than its client", async () => {
    const feed = new FakeFeed(100_000, 100_000);
    const response = await eventStream(feed, 0);
    const reader = response.body?.getReader();
    for (let turns = 0; turns < 50; turns += 1) {
      await turn();
    }
    expect(feed.pages.length).toBeLessThanOrEqual(2);
    const decoder = new TextDecoder();
    let text = "";
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      text += decoder.decode(part.value, { stream: true });
    }
    expect(seqs(text)).toEqual(upTo(100_000));
    expect(feed.lives).toEqual([]);
  });

  it("[LV1] goes on over the socket from where the pages end, and ends with the run", async () => {
    const feed = new FakeFeed(700, 702);
    const response = await eventStream(feed, 3);
    const whole = response.text();
    await follows(feed);
    expect([feed.pages, feed.lives]).toEqual([[3, 503], [700]]);
    feed.send(event(701, 702));
    feed.send(event(702, 702));
    expect(seqs(await whole)).toEqual(upTo(702, 4));
    expect(feed.closed).toBe(1);
  });

  it("ends when the socket does: the client comes back with what it has", async () => {
    const feed = new FakeFeed(2, 9);
    const whole = (await eventStream(feed, 0)).text();
    await follows(feed);
    feed.drop();
    expect(seqs(await whole)).toEqual([1, 2]);
  });

  it("lets go of the socket when the client goes", async () => {
    const feed = new FakeFeed(2, 9);
    const reader = (await eventStream(feed, 0)).body?.getReader();
    await reader?.read();
    await follows(feed);
    await reader?.cancel();
    expect(feed.closed).toBe(1);
    feed.send(event(3, 9));
  });

  it("breaks off when a page cannot be read, and throws when it is the first", async () => {
    const feed = new FakeFeed(1_000, 1_000);
    const response = await eventStream(feed, 0);
    feed.fails = true;
    await expect(response.text()).rejects.toThrow("not now");
    await expect(eventStream(feed, 0)).rejects.toThrow("not now");
  });
});
