import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { type ConnectionState, EventConnection, type Socket } from "./event-connection.ts";

type Listener = (event: unknown) => void;

class FakeSocket {
  readonly after: number;
  closedWith: number | undefined;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(after: number) {
    this.after = after;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  close(code?: number): void {
    this.closedWith = code;
  }

  emit(type: string, event: unknown = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) {
      listener(event);
    }
  }

  send(seq: number, type = "execution_running"): void {
    this.emit("message", { data: JSON.stringify({ seq, type, at: "2026-01-01T00:00:00Z" }) });
  }
}

function setUp(mayRetry = true) {
  const sockets: FakeSocket[] = [];
  const events: ExecutionEvent[] = [];
  const states: ConnectionState[] = [];
  const connection = new EventConnection({
    after: 0,
    connect: (after) => {
      const socket = new FakeSocket(after);
      sockets.push(socket);
      return socket as unknown as Socket;
    },
    mayRetry: () => Promise.resolve(mayRetry),
    onEvent: (event) => events.push(event),
    onState: (state) => states.push(state),
    now: () => 1_000,
    random: () => 1,
  });
  connection.open();
  const socket = (index: number): FakeSocket => {
    const found = sockets[index];
    if (found === undefined) {
      throw new Error(`socket ${index} was never opened`);
    }
    return found;
  };
  return { connection, sockets, socket, events, states };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("EventConnection", () => {
  it("resumes after the last event that it saw and shows the wait", () => {
    const { socket, sockets, events, states } = setUp();
    socket(0).emit("open");
    socket(0).send(1);
    socket(0).send(2);
    socket(0).emit("close");
    expect(states.at(-1)).toEqual({ kind: "reconnecting", retryAt: 1_500 });
    vi.advanceTimersByTime(499);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(socket(1).after).toBe(2);
    socket(1).emit("open");
    socket(1).send(3);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(states.at(-1)).toEqual({ kind: "live" });
  });

  it("gives every event once, however often it comes", () => {
    const { socket, events } = setUp();
    socket(0).emit("open");
    socket(0).send(1);
    socket(0).send(1);
    socket(0).send(2);
    socket(0).send(1);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it("asks again when an event is missing instead of showing a gap", () => {
    const { socket, events } = setUp();
    socket(0).emit("open");
    socket(0).send(1);
    socket(0).send(3);
    expect(socket(0).closedWith).toBe(4000);
    vi.advanceTimersByTime(500);
    expect(socket(1).after).toBe(1);
    socket(1).send(2);
    socket(1).send(3);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it("waits longer after each failed attempt, up to 15 s, and starts over once a socket opens", async () => {
    const { socket, sockets, states } = setUp();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      socket(attempt).emit("close");
      const state = states.at(-1);
      waits.push(state?.kind === "reconnecting" ? state.retryAt - 1_000 : -1);
      await vi.advanceTimersByTimeAsync(15_000);
      expect(sockets).toHaveLength(attempt + 2);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    socket(8).emit("open");
    socket(8).emit("close");
    expect(states.at(-1)).toEqual({ kind: "reconnecting", retryAt: 1_500 });
  });

  it("stops when the server says that there is nothing to hear", async () => {
    const { socket, sockets, states } = setUp(false);
    socket(0).emit("close");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toEqual({ kind: "refused" });
    expect(sockets).toHaveLength(1);
  });

  it("ends with the terminal event and never reconnects", () => {
    const { socket, sockets, states } = setUp();
    socket(0).emit("open");
    socket(0).send(1, "execution_completed");
    expect(states.at(-1)).toEqual({ kind: "ended" });
    socket(0).emit("close");
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
  });

  it("ignores messages that are no events", () => {
    const { socket, events } = setUp();
    socket(0).emit("open");
    socket(0).emit("message", { data: "{" });
    socket(0).emit("message", { data: JSON.stringify({ type: "progress" }) });
    socket(0).emit("message", { data: new ArrayBuffer(4) });
    socket(0).send(1);
    expect(events).toHaveLength(1);
  });

  it("is silent after it was closed", () => {
    const { connection, socket, sockets, events, states } = setUp();
    socket(0).emit("open");
    connection.close();
    const shown = states.length;
    socket(0).send(1);
    socket(0).emit("close");
    vi.advanceTimersByTime(60_000);
    expect({ events: events.length, states: states.length, sockets: sockets.length }).toEqual({
      events: 0,
      states: shown,
      sockets: 1,
    });
  });
});
