import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chain } from "./agents.ts";
import { checkRun, runEnded } from "./check-run.ts";
import { startServer, type TestServer } from "./server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A start that must be refused: it ends by itself. */
function refusedStart(env: Record<string, string>): { code: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, ["cli/start.ts"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, PORT: "0", HOST: "127.0.0.1", ...env },
    timeout: 60_000,
  });
  return { code: status, stderr };
}

function runtimeOf({ runtimePids }: TestServer): number[] {
  if (runtimePids.length === 0) throw new Error("There is no runtime process.");
  return runtimePids;
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 1_000) throw new Error("It did not happen.");
    await new Promise((done) => setTimeout(done, 10));
  }
}

describe("npm start", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  it("makes an owner who can sign in and whose key works", async () => {
    const me = await server.client.me();
    expect(me.user.email).toBe(server.email);
    const answer = await fetch(`${server.url}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: server.url },
      body: JSON.stringify({ email: server.email, password: server.password }),
    });
    expect(answer.status).toBe(200);
  });

  it("keeps what is secret to its user", () => {
    for (const name of ["local.json", "secret"]) {
      expect(statSync(join(server.dataDir, name)).mode & 0o777, name).toBe(0o600);
    }
    expect(statSync(server.dataDir).mode & 0o077).toBe(0);
  });

  it("serves the pages and their files", async () => {
    const page = await fetch(`${server.url}/`);
    expect(page.headers.get("content-type")).toContain("text/html");
    const script = /\/assets\/[^"]+\.js/.exec(await page.text())?.[0];
    const file = await fetch(`${server.url}${script}`);
    expect({ status: file.status, type: file.headers.get("content-type") }).toEqual({
      status: 200,
      type: expect.stringContaining("javascript"),
    });
  });

  it.each([
    "/cdn-cgi/local/explorer",
    "/cdn-cgi/local/scheduled",
    "/cdn-cgi/local/platform-proxy",
    "/cdn-cgi/local/r2/public/weft-files/x",
    "/cdn-cgi/local/r2/s3/weft-files",
    "/cdn-cgi/handler/scheduled",
  ])("does not open the simulator's %s", async (path) => {
    const response = await fetch(`${server.url}${path}`, { headers: { "MF-Op": "GET" }, redirect: "manual" });
    expect([302, 404]).toContain(response.status);
    expect(await response.text()).not.toMatch(/miniflare|proxy/i);
  });

  it("lets no header of the simulator through", async () => {
    const response = await fetch(`${server.url}/health`, {
      headers: { "MF-Original-URL": "http://elsewhere.example/nothing" },
    });
    expect(await response.json()).toEqual({ status: "healthy" });
  });

  it("does not open the way by which the owner was made", async () => {
    const response = await fetch(`${server.url}/internal/bootstrap`, { method: "POST", body: "{}" });
    expect(response.status).toBeGreaterThanOrEqual(401);
    expect(response.status).toBeLessThan(500);
  });

  it("refuses a second start on the same data, naming the first", () => {
    const { code, stderr } = refusedStart({ WEFT_DATA: server.dataDir });
    expect(code).toBe(1);
    expect(stderr).toContain(`in use by process ${server.pid}`);
  });

  it("starts a new runtime when one of its processes crashes", async () => {
    for (let index = 0; index < runtimeOf(server).length; index++) {
      const before = runtimeOf(server);
      process.kill(before[index] ?? 0, "SIGKILL");
      await until(async () => {
        const response = await fetch(`${server.url}/health`).catch(() => null);
        const now = server.runtimePids;
        return response?.ok === true && now.length === before.length && now.every((pid) => !before.includes(pid));
      });
      expect(before.filter(isRunning)).toEqual([]);
      expect((await server.client.me()).user.email).toBe(server.email);
    }
  });

  it("keeps its data over a SIGKILL, which leaves no process behind", async () => {
    const { id: graph_id } = await server.client.importGraph(chain.file);
    const { id } = await server.client.startExecution({ graph_id, inputs: chain.inputs(1) });
    await runEnded(server.client, id);
    const runtime = runtimeOf(server);
    const key = server.apiKey;
    await server.kill("SIGKILL");
    await until(() => !runtime.some(isRunning));
    await server.restart();
    expect(server.apiKey).toBe(key);
    await checkRun(server.client, id, { agent: chain, run: 1 });
  });

  it("stops cleanly on SIGTERM and on SIGINT", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const runtime = runtimeOf(server);
      expect(await server.kill(signal), signal).toBe(0);
      expect(runtime.filter(isRunning)).toEqual([]);
      expect(existsSync(join(server.dataDir, "server.json"))).toBe(false);
      await server.restart();
    }
  });

  it("makes a new password and key when local.json is lost", async () => {
    const key = server.apiKey;
    await server.kill("SIGTERM");
    rmSync(join(server.dataDir, "local.json"));
    await server.restart();
    expect(server.apiKey).not.toBe(key);
    expect((await server.client.me()).user.email).toBe(server.email);
  });
});

describe("a start that is refused", () => {
  const WEFT_DATA = mkdtempSync(join(tmpdir(), "weft-refused-"));
  afterAll(() => rmSync(WEFT_DATA, { recursive: true, force: true }));

  it("names PORT when the port is taken", async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
    const address = other.address();
    const PORT = String(typeof address === "object" ? address?.port : "");
    const { code, stderr } = refusedStart({ WEFT_DATA, PORT });
    await new Promise((done) => other.close(done));
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`Port ${PORT} .* set PORT`));
  });

  it.each([
    ["is no number", { PORT: "web" }, "PORT"],
    ["opens to the network without a password", { HOST: "0.0.0.0" }, "WEFT_PASSWORD"],
    ["names an address of another machine", { HOST: "192.0.2.1", WEFT_PASSWORD: "long enough" }, "HOST"],
    ["has a short secret", { WEFT_SECRET: "short" }, "WEFT_SECRET"],
  ])("says what to set when the environment %s", (_, env, name) => {
    const { code, stderr } = refusedStart({ WEFT_DATA, ...env });
    expect(code).toBe(1);
    expect(stderr).toContain(name);
    expect(stderr).not.toContain("    at ");
  });
});
