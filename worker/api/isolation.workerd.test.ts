import { beforeAll, describe, expect, it } from "vitest";
import { ApiClient, createTenant } from "#test/workerd/api-client.ts";
import type { Tenant } from "#test/workerd/api-client.ts";
import { createApi } from "./app.ts";
import { echoGraph } from "#test/workerd/echo-graph.ts";

/**
 * Every route of the document × (somebody else's id, nobody's id, one's own id, no caller). A new route lands here by itself; one whose
 * parameters this test does not know fails until it is told where their values come from.
 */

interface Operation {
  method: string;
  path: string;
}

const METHODS = ["get", "post", "put", "patch", "delete"];
/** Routes that anybody may call, and those whose ids are the same for everybody. */
const OPEN = new Set(["/api/v1/health", "/api/v1/ready"]);
/** Whoever has the token may call: worker/api/callbacks.workerd.test.ts. */
const BY_TOKEN = "/api/v1/callbacks/{token}";
/** No run here asks anybody, so this review exists in none. */
const NO_REVIEW = crypto.randomUUID();
/** No value here is large, so this one exists in no run (worker/values/large-values.workerd.test.ts has those that do). */
const NO_VALUE = "0".repeat(64);
const SHARED_IDS = /^\/api\/v1\/blocks(\/|$)/;

function operations(): Operation[] {
  const document = createApi().getOpenAPI31Document({ openapi: "3.1.0", info: { title: "", version: "" } });
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => ({ method: method.toUpperCase(), path })),
  );
}

const compat: Operation[] = [
  { method: "POST", path: "/external-api/v1/graphs/{graph}/execute/{version}" },
  { method: "GET", path: "/external-api/v1/graphs/{graph}/executions/{execution}/results" },
];
const all = [...operations(), ...compat].filter(({ path }) => path !== BY_TOKEN);
const withIds = all.filter(({ path }) => path.includes("{") && !SHARED_IDS.test(path));

interface Ids {
  graph: string;
  execution: string;
}

let [mine, theirs]: [Tenant, Tenant] = [] as unknown as [Tenant, Tenant];
let foreign: Ids;
let own: Ids;

async function makeIds({ client }: Tenant): Promise<Ids> {
  const graph = (await client.call<{ id: string }>("/api/v1/graphs", { body: echoGraph() })).body.id;
  const body = { graph_id: graph, inputs: { text: "secret of its owner" }, wait_seconds: 30 };
  const execution = (await client.call<{ id: string }>("/api/v1/executions", { body })).body.id;
  return { graph, execution };
}

beforeAll(async () => {
  [mine, theirs] = await Promise.all([createTenant(), createTenant()]);
  [own, foreign] = await Promise.all([makeIds(mine), makeIds(theirs)]);
});

function fill(path: string, ids: Ids): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const kind =
      name === "id"
        ? path.startsWith("/api/v1/graphs")
          ? "graph"
          : path.startsWith("/api/v1/executions")
            ? "execution"
            : name
        : name;
    const value = {
      graph: ids.graph,
      execution: ids.execution,
      version: "1",
      review_id: NO_REVIEW,
      sha256: NO_VALUE,
      node_execution_id: "n1",
    }[kind];
    if (value === undefined) {
      throw new Error(`This test does not know where {${name}} of ${path} comes from: teach it.`);
    }
    return value;
  });
}

function bodyOf({ method, path }: Operation, ids: Ids): unknown {
  if (method !== "POST" && method !== "PUT") {
    return undefined;
  }
  const inputs = { text: "x" };
  if (path.endsWith("/fork")) {
    return { node_execution_id: "n1", inputs: {} };
  }
  if (path.includes("/reviews/")) {
    return { approved: true };
  }
  return path.endsWith("/active")
    ? { active_graph_version: 1 }
    : path.includes("/executions")
      ? { graph_id: ids.graph, inputs }
      : path.includes("/execute/")
        ? { node_input: inputs }
        : echoGraph({ version: 1 });
}

const send = (client: ApiClient, operation: Operation, ids: Ids) =>
  client.fetch(fill(operation.path, ids), {
    method: operation.method,
    body: bodyOf(operation, ids),
    headers: operation.path.endsWith("/live") ? { upgrade: "websocket" } : {},
  });

const name = ({ method, path }: Operation): string => `${method} ${path}`;

async function everythingOf(tenant: Tenant, ids: Ids): Promise<unknown> {
  const paths = [
    "/api/v1/graphs",
    `/api/v1/graphs/${ids.graph}`,
    `/api/v1/graphs/${ids.graph}/versions`,
    `/api/v1/executions/${ids.execution}?include=nodes`,
  ];
  return Promise.all(paths.map(async (path) => (await tenant.client.call(path)).body));
}

describe("the list of routes", () => {
  it("is not empty and knows its ids", () => {
    expect(withIds.length).toBeGreaterThan(10);
    for (const operation of withIds) {
      expect(fill(operation.path, { graph: "g", execution: "e" })).not.toContain("{");
    }
  });
});

describe("without a caller", () => {
  it.each(all.filter(({ path }) => !OPEN.has(path)).map((operation) => [name(operation), operation] as const))(
    "%s is 401",
    async (_, operation) => {
      const path = operation.path.replaceAll(/\{\w+\}/g, "1");
      const answer = await new ApiClient().call(path, { method: operation.method, body: bodyOf(operation, own) });
      expect(answer.status).toBe(401);
    },
  );

  it("health is open", async () => {
    for (const path of [...OPEN, "/health", "/ready"]) {
      expect((await new ApiClient().call(path)).status).toBe(200);
    }
  });
});

describe("with somebody else's ids", () => {
  it.each(withIds.map((operation) => [name(operation), operation] as const))(
    "%s is 404, just as for an id that does not exist, and nothing is shown or changed",
    async (_, operation) => {
      const before = await everythingOf(theirs, foreign);
      const nobody = { graph: crypto.randomUUID(), execution: crypto.randomUUID() };
      const [stranger, missing] = [
        await send(mine.client, operation, foreign),
        await send(mine.client, operation, nobody),
      ];
      expect([stranger.status, missing.status]).toEqual([404, 404]);
      const [shown, reference] = [await stranger.text(), await missing.text()];
      expect(shown).toBe(reference);
      expect(shown).not.toContain("secret of its owner");
      expect(await everythingOf(theirs, foreign)).toEqual(before);
    },
  );

  it("no stream opens", async () => {
    const base = `/api/v1/executions/${foreign.execution}`;
    const response = await mine.client.fetch(`${base}/events`, { headers: { accept: "text/event-stream" } });
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain("secret of its owner");
  });

  it("a graph named in a body is not found either", async () => {
    const body = { graph_id: foreign.graph, inputs: { text: "x" } };
    expect((await mine.client.call("/api/v1/executions", { body })).status).toBe(404);
    expect((await mine.client.call(`/api/v1/executions?graph_id=${foreign.graph}`)).body).toMatchObject({ items: [] });
  });

  it("one's own graph and somebody else's run do not mix", async () => {
    const path = `/external-api/v1/graphs/${own.graph}/executions/${foreign.execution}/results`;
    expect((await mine.client.call(path)).status).toBe(404);
    const other = await makeIds(mine);
    const mixed = `/external-api/v1/graphs/${other.graph}/executions/${own.execution}/results`;
    expect((await mine.client.call(mixed)).status).toBe(404);
  });
});

describe("with one's own ids", () => {
  // Deletion last: the other routes need what it deletes.
  const ordered = withIds
    .filter(({ path }) => !path.includes("{review_id}") && !path.includes("{sha256}"))
    .toSorted((a, b) => Number(a.method === "DELETE") - Number(b.method === "DELETE"));
  it.each(ordered.map((operation) => [name(operation), operation] as const))("%s is found", async (_, operation) => {
    const response = await send(mine.client, operation, own);
    await response.body?.cancel();
    response.webSocket?.accept();
    response.webSocket?.close();
    expect(response.status).not.toBe(404);
    expect(response.status).not.toBe(401);
    expect(response.status).toBeLessThan(500);
  });
});

describe("mass assignment", () => {
  it("ids, owner and times in a body count for nothing", async () => {
    const claim = {
      id: foreign.graph,
      user_id: theirs.userId,
      workspace_id: theirs.workspaceId,
      workspaceId: theirs.workspaceId,
      created_at: "1999-01-01T00:00:00.000Z",
      active_version: 77,
      latest_version: 77,
    };
    const made = await mine.client.call<{ id: string; created_at: string }>("/api/v1/graphs", {
      body: echoGraph(claim),
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ active_version: 1, latest_version: 1 });
    expect(made.body.id).not.toBe(foreign.graph);
    expect(made.body.created_at).not.toContain("1999");
    expect((await theirs.client.call(`/api/v1/graphs/${made.body.id}`)).status).toBe(404);
    const saved = await mine.client.call<{ id: string }>(`/api/v1/graphs/${made.body.id}`, {
      method: "PUT",
      body: echoGraph({ ...claim, version: 1 }),
    });
    expect(saved.body).toMatchObject({ id: made.body.id, active_version: 2, latest_version: 2 });
    expect((await theirs.client.call(`/api/v1/graphs/${foreign.graph}`)).body).toMatchObject({ latest_version: 1 });
  });
});
