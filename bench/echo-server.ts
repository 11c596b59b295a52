import { createServer } from "node:http";

/**
 * `node bench/echo-server.ts PORT DELAY_MS`: answers every request with `{"ok":true,"i":…}`, `i` from its query, never before the delay is
 * over. A process of its own, so that it does not share a thread with the load generator. Prints its port.
 */
const [port = "0", delayMs = "50"] = process.argv.slice(2);
const delay = Number(delayMs);

const server = createServer((request, response) => {
  request.resume();
  const due = performance.now() + delay;
  const i = Number(new URL(request.url ?? "/", "http://echo").searchParams.get("i") ?? 0);
  const body = JSON.stringify({ ok: true, i });
  const answer = (): void => {
    // Timers may ring up to a millisecond early.
    const left = due - performance.now();
    if (left > 0) {
      setTimeout(answer, Math.ceil(left));
      return;
    }
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    response.end(body);
  };
  setTimeout(answer, delay);
});
server.keepAliveTimeout = 60_000;
server.listen({ port: Number(port), host: "127.0.0.1", backlog: 4_096 }, () => {
  const address = server.address();
  console.log(typeof address === "object" ? address?.port : port);
});
process.on("SIGTERM", () => process.exit(0));
