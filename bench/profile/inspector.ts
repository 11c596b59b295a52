/** A connection to an isolate's inspector, Chrome DevTools protocol. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { done: (result: unknown) => void; fail: (error: Error) => void }>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(String(data)) as Message));
  }

  /** Connects to the Worker's isolate among those that the runtime shows at `/json`; queue broker, database and so on have their own. */
  static async connect(port: number, isolate: string): Promise<Inspector> {
    const response = await fetch(`http://127.0.0.1:${port}/json`);
    const targets = (await response.json()) as { id: string; webSocketDebuggerUrl: string }[];
    const target = targets.find(({ id }) => id.endsWith(isolate));
    if (target === undefined) {
      throw new Error(`No isolate ${isolate} among ${targets.map(({ id }) => id).join(", ")}.`);
    }
    const socket = new WebSocket(`ws://127.0.0.1:${port}/${target.id}`);
    await new Promise((done, fail) => {
      socket.addEventListener("open", done, { once: true });
      socket.addEventListener("error", () => fail(new Error("The inspector refused the connection.")), { once: true });
    });
    return new Inspector(socket);
  }

  send<T = unknown>(method: string, params: object = {}): Promise<T> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<unknown>((done, fail) => this.#waiting.set(id, { done, fail }));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer as Promise<T>;
  }

  close(): void {
    this.#socket.close();
  }

  #receive({ id, result, error }: Message): void {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (waiting === undefined || id === undefined) {
      return;
    }
    this.#waiting.delete(id);
    if (error === undefined) {
      waiting.done(result);
    } else {
      waiting.fail(new Error(error.message));
    }
  }
}

interface Message {
  id?: number;
  result?: unknown;
  error?: { message: string };
}
