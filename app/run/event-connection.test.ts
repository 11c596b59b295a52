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
  const clock = { now: 1_000, wanted: true };
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
    now: () => clock.now,
    random: () => 1,
    wanted: () => clock.wanted,
  });
  connection.open();
  const socket = (index: number): FakeSocket => {
    const found = sockets[index];
    if (found === undefined) {
      throw new Error(`socket ${index} was never opened`);
    }
    return found;
  };
  return { connection, sockets, socket, events, states, clock };
}

/** Ms until the next attempt. */
function waitOf(state: ConnectionState | undefined, now = 1_000): number {
  return state?.kind === "reconnecting" ? state.retryAt - now : -1;
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

  it("waits longer after each failed attempt, up to a minute, and starts over once an event came", async () => {
    const { socket, sockets, states } = setUp();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 9; attempt++) {
      socket(attempt).emit("close");
      waits.push(waitOf(states.at(-1)));
      await vi.advanceTimersByTimeAsync(60_000);
      expect(sockets).toHaveLength(attempt + 2);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    socket(9).emit("open");
    socket(9).send(1);
    socket(9).emit("close");
    expect(waitOf(states.at(-1))).toBe(500);
  });

  it("does not ask at once again for a socket that is closed as soon as it is open", async () => {
    const { socket, states } = setUp();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      socket(attempt).emit("open");
      socket(attempt).emit("close");
      waits.push(waitOf(states.at(-1)));
      await vi.advanceTimersByTimeAsync(60_000);
    }
    expect(waits).toEqual([500, 1_000, 2_000]);
  });

  it("starts over after a socket that lived, though nothing happened in the run", async () => {
    const { socket, states, clock } = setUp();
    for (let attempt = 0; attempt < 3; attempt++) {
      socket(attempt).emit("close");
      await vi.advanceTimersByTimeAsync(60_000);
    }
    socket(3).emit("open");
    clock.now += 10_000;
    socket(3).emit("close");
    expect(waitOf(states.at(-1), clock.now)).toBe(500);
  });

  it("makes no attempt while nobody looks, and one when somebody does", async () => {
    const { connection, socket, sockets, clock } = setUp();
    socket(0).emit("open");
    clock.wanted = false;
    socket(0).emit("close");
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(sockets).toHaveLength(1);
    clock.wanted = true;
    connection.retryNow();
    expect(sockets).toHaveLength(2);
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
