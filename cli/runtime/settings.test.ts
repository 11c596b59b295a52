import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  idleMemory,
  isLoopback,
  listenAddress,
  publicUrl,
  runtimeProcesses,
  sessionSecret,
  workerVars,
} from "./settings.ts";
import { StartError } from "./start-error.ts";

const folder = mkdtempSync(join(tmpdir(), "weft-settings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("listenAddress", () => {
  it("has the documented defaults", () => {
    expect(listenAddress({})).toEqual({ host: "127.0.0.1", port: 8787 });
    expect(listenAddress({ HOST: "", PORT: "" })).toEqual({ host: "127.0.0.1", port: 8787 });
    expect(listenAddress({ HOST: "localhost", PORT: "0" })).toEqual({ host: "127.0.0.1", port: 0 });
  });

  it.each(["web", "-1", "65536", "80.5"])("refuses the port %s", (PORT) => {
    expect(() => listenAddress({ PORT })).toThrow(StartError);
  });
});

it.each([
  ["127.0.0.1", true],
  ["127.8.8.8", true],
  ["::1", true],
  ["[::1]", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.168.1.2", false],
  ["127.0.0.1.example.com", false],
])("isLoopback(%s) is %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

it("knows where it can be called, unless the port is still open", () => {
  const url = (environment: Record<string, string>, host = "127.0.0.1", port = 8787): unknown =>
    publicUrl(environment, { host, port }).WEFT_PUBLIC_URL;
  expect(url({})).toBe("http://127.0.0.1:8787");
  expect(url({}, "0.0.0.0", 80)).toBe("http://127.0.0.1:80");
  expect(url({}, "192.168.1.2")).toBe("http://192.168.1.2:8787");
  expect(url({}, "127.0.0.1", 0)).toBeUndefined();
  expect(url({ WEFT_PUBLIC_URL: "https://weft.example.com" }, "127.0.0.1", 0)).toBe("https://weft.example.com");
  expect(() => url({ WEFT_PUBLIC_URL: "weft.example.com" })).toThrow(StartError);
});

it("passes on what is for the Worker, and nothing else of the environment", () => {
  const vars = workerVars({ OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "", HOME: "/root", WEFT_BOOTSTRAP_TOKEN: "x" });
  expect(vars).toEqual({
    WEFT_CONSUMER_MODE: "detach",
    WEFT_IO_SLOTS: "32",
    WEFT_RELEASE_MS: "500",
    OPENAI_API_KEY: "k",
  });
});

it("passes on prices of models, and does not start with such as cannot be read", () => {
  const WEFT_MODEL_PRICES = '{"openai": {"gpt-4o": {"input": 1, "output": 2}}}';
  expect(workerVars({ WEFT_MODEL_PRICES })).toMatchObject({ WEFT_MODEL_PRICES });
  const start = () => workerVars({ WEFT_MODEL_PRICES: '{"openai": {"gpt-4o": 1}}' });
  expect(start).toThrow(StartError);
  expect(start).toThrow("openai.gpt-4o is no object");
});

it("lets an idle runtime go after five minutes, another time, or never", () => {
  const idle = (WEFT_IDLE_RESTART_SECONDS?: string): unknown => idleMemory({ WEFT_IDLE_RESTART_SECONDS });
  expect(idle()).toEqual({ idleMs: 300_000, growthMiB: 96 });
  expect(idle("2.5")).toEqual({ idleMs: 2_500, growthMiB: 96 });
  expect(idle("0")).toBeNull();
  expect(() => idle("soon")).toThrow(StartError);
  expect(() => idle("-1")).toThrow(StartError);
});

it("is one process unless more are wanted, where several can be", () => {
  const processes = (WEFT_PROCESSES?: string, platform: NodeJS.Platform = "linux"): number =>
    runtimeProcesses({ WEFT_PROCESSES }, platform);
  expect([processes(), processes(""), processes("3")]).toEqual([1, 1, 3]);
  for (const wrong of ["0", "2.5", "many", "33"]) expect(() => processes(wrong)).toThrow(StartError);
  expect(processes("1", "win32")).toBe(1);
  expect(() => processes("2", "win32")).toThrow(/on Windows/);
});

describe("sessionSecret", () => {
  it("is made once and kept for its user alone", () => {
    const data = join(folder, "new");
    const secret = sessionSecret(data, {});
    expect(secret.length).toBeGreaterThanOrEqual(32);
    expect(sessionSecret(data, {})).toBe(secret);
    expect(statSync(join(data, "secret")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(data, "secret"), "utf8").trim()).toBe(secret);
  });

  it("is that of the environment when it is long enough", () => {
    const given = "x".repeat(32);
    expect(sessionSecret(join(folder, "given"), { WEFT_SECRET: given })).toBe(given);
    expect(() => sessionSecret(folder, { WEFT_SECRET: "short" })).toThrow(/32/);
  });
});
