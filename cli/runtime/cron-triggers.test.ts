import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, it, vi } from "vitest";
import { startCronTriggers } from "./cron-triggers.ts";

afterEach(() => vi.useRealTimers());

it("calls the Worker at the minutes that match, with the start's token, and logs a refusal", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: new Date("2026-11-23T14:03:10Z") });
  const calls: { token: string | undefined; path: string | undefined; body: unknown }[] = [];
  let arrived = (): void => undefined;
  const server = createServer((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      calls.push({ token: request.headers.authorization, path: request.url, body: JSON.parse(body) as unknown });
      response.writeHead(calls.length === 1 ? 204 : 500).end();
      arrived();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const logged = Promise.withResolvers<string>();
  const triggers = startCronTriggers({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bootstrapToken: "token",
    crons: ["*/5 * * * *"],
    log: (level, message) => logged.resolve(`${level}: ${message}`),
  });
  const next = async (minutes: number): Promise<void> => {
    const call = new Promise<void>((done) => (arrived = done));
    vi.advanceTimersByTime(minutes * 60_000);
    await call;
  };

  vi.advanceTimersByTime(60_000);
  await next(1);
  await next(5);
  triggers.stop();

  expect(calls).toEqual(
    ["2026-11-23T14:05:00Z", "2026-11-23T14:10:00Z"].map((time) => ({
      token: "Bearer token",
      path: "/internal/scheduled",
      body: { cron: "*/5 * * * *", scheduled_time: Date.parse(time) },
    })),
  );
  expect(await logged.promise).toBe('error: The scheduled work "*/5 * * * *" failed: HTTP 500');
  expect(vi.getTimerCount()).toBe(0);
  await new Promise((done) => server.close(done));
});
