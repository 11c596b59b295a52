import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { runFakeLlm } from "./fake-llm.ts";

describe("weft fake-llm", () => {
  it("serves until it is stopped and prints what to set", async () => {
    const stop = new AbortController();
    let printed: (text: string) => void = () => undefined;
    const output = new Promise<string>((resolve) => {
      printed = resolve;
    });
    const exit = runFakeLlm(["--port", "0"], { write: printed, signal: stop.signal });
    const text = await output;
    const base = /OPENAI_BASE_URL=(http:\/\/127\.0\.0\.1:\d+\/v1)\n/.exec(text)?.[1] ?? "";
    const address = new URL(base).host;
    expect(text).toContain(`ANTHROPIC_API_KEY=fake ANTHROPIC_BASE_URL=http://${address}\n`);
    expect(text).toContain(`WEFT_EGRESS_ALLOW=${address}\n`);
    expect((await fetch(`${base}/models`)).status).toBe(200);
    stop.abort();
    expect(await exit).toBe(0);
    await expect(fetch(`${base}/models`)).rejects.toThrow();
  });

  it.each([
    [["--help"], 0, "weft fake-llm [--port"],
    [["--port", "x"], 2, "is not a port"],
    [["--port", "70000"], 2, "is not a port"],
    [["--nonsense"], 2, "--nonsense"],
  ])("with %j ends with %i", async (argv, code, part) => {
    const written: string[] = [];
    expect(await runFakeLlm(argv, { write: (text) => written.push(text) })).toBe(code);
    expect(written.join("")).toContain(part);
  });

  it("says so when the port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const written: string[] = [];
    expect(await runFakeLlm(["--port", String(port)], { write: (text) => written.push(text) })).toBe(1);
    expect(written.join("")).toMatch(/EADDRINUSE.*--port/s);
    await new Promise((resolve) => other.close(resolve));
  });
});
