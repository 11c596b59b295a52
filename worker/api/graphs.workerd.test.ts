import { beforeAll, describe, expect, it } from "vitest";
import type { GraphView } from "#worker/contracts/graph.ts";
import { createTenant, testEnv } from "#test/workerd/api-client.ts";
import type { Tenant } from "#test/workerd/api-client.ts";
import { echoGraph } from "#test/workerd/echo-graph.ts";

const GRAPHS = "/api/v1/graphs";
let tenant: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
});

async function create(file: unknown = echoGraph()): Promise<GraphView> {
  const answer = await tenant.client.call<GraphView>(GRAPHS, { body: file });
  expect(answer.status).toBe(201);
  return answer.body;
}

describe("creating a graph", () => {
  it("stores the file under an id of its own and says what it takes and gives", async () => {
    const answer = await tenant.client.call<GraphView>(GRAPHS, {
      body: echoGraph({ id: "chosen-by-the-caller", version: 7, user_id: "someone", workspace_id: "theirs" }),
    });
    expect(answer.status).toBe(201);
    const graph = answer.body;
    expect(graph.id).not.toBe("chosen-by-the-caller");
    expect(graph).toMatchObject({
      version: 1,
      is_active: true,
      active_version: 1,
      latest_version: 1,
      name: "Echo",
      problems: [],
    });
    expect(graph.nodes.map((node) => node.id)).toEqual(["in", "out"]);
    expect(Object.keys(graph.input_schema.properties ?? {})).toEqual(["text"]);
    expect(Object.keys(graph.output_schema.properties ?? {})).toEqual(["echo"]);
    expect(answer.headers.get("location")).toBe(`${GRAPHS}/${graph.id}`);
    expect(answer.headers.get("etag")).toBe('"1"');
    expect((await tenant.client.call(`${GRAPHS}/${graph.id}`)).body).toEqual(graph);
  });

  it("keeps unknown blocks and names them, instead of refusing the file", async () => {
    const file = echoGraph({ nodes: [{ id: "x", block_id: "no-such-block", input_default: { a: 1 } }], links: [] });
    const graph = await create(file);
    expect(graph.nodes).toMatchObject([{ block_id: "no-such-block", input_default: { a: 1 } }]);
    expect(graph.problems).toContainEqual(
      expect.objectContaining({ code: "unknown_block", severity: "error", node_id: "x" }),
    );
  });

  it("import, export, import gives the same agent, and the export carries nothing of this server", async () => {
    const first = await create(echoGraph({ custom_key: { kept: true }, instructions: "Say it." }));
    const exported = await tenant.client.call(`${GRAPHS}/${first.id}?for_export=true`);
    expect(exported.status).toBe(200);
    expect(exported.headers.get("content-disposition")).toBe('attachment; filename="Echo_v1.json"');
    expect(JSON.stringify(exported.body)).not.toContain(tenant.workspaceId);
    expect(JSON.stringify(exported.body)).not.toContain(tenant.userId);
    expect(exported.body).toMatchObject({ custom_key: { kept: true }, instructions: "Say it." });
    const second = await create(exported.body);
    const { id: _1, created_at: _2, updated_at: _3, ...before } = first;
    const { id: _4, created_at: _5, updated_at: _6, ...after } = second;
    expect(after).toMatchObject({
      ...before,
      nodes: before.nodes.map((node) => expect.objectContaining({ id: node.id })),
    });
    const again = await tenant.client.call(`${GRAPHS}/${second.id}?for_export=true`);
    expect(again.body).toEqual({ ...exported.body, id: second.id });
  });

  it("keeps a file that is too large for a row, and takes it away with the graph", async () => {
    const note = "n".repeat(2_000_000);
    const graph = await create(echoGraph({ description: "d", notes: note }));
    const read = await tenant.client.call(`${GRAPHS}/${graph.id}`);
    expect(read.body["notes"]).toBe(note);
    const prefix = `workspaces/${tenant.workspaceId}/graphs/${graph.id}/`;
    expect((await testEnv.FILES.list({ prefix })).objects).toHaveLength(1);
    expect((await tenant.client.call(`${GRAPHS}/${graph.id}`, { method: "DELETE" })).status).toBe(204);
    expect((await testEnv.FILES.list({ prefix })).objects).toHaveLength(0);
  });
});

describe("saving", () => {
  it("adds a version and activates it; old ones stay as they were", async () => {
    const { id } = await create();
    const saved = await tenant.client.call(`${GRAPHS}/${id}`, {
      method: "PUT",
      body: echoGraph({ name: "Echo two" }),
      headers: { "if-match": '"1"' },
    });
    expect(saved.status).toBe(200);
    expect(saved.body).toMatchObject({ id, version: 2, active_version: 2, latest_version: 2, name: "Echo two" });
    expect(saved.headers.get("etag")).toBe('"2"');
    expect((await tenant.client.call(`${GRAPHS}/${id}/versions/1`)).body).toMatchObject({
      name: "Echo",
      version: 1,
      is_active: false,
    });
    const versions = await tenant.client.call(`${GRAPHS}/${id}/versions`);
    expect(versions.body).toMatchObject({
      items: [
        { version: 2, is_active: true, name: "Echo two", node_count: 2, created_by: tenant.userId },
        { version: 1, is_active: false, name: "Echo" },
      ],
      next_cursor: null,
    });
  });

  it("does not activate a version that says so", async () => {
    const { id } = await create();
    const saved = await tenant.client.call(`${GRAPHS}/${id}`, {
      method: "PUT",
      body: echoGraph({ is_active: false, version: 1 }),
    });
    expect(saved.body).toMatchObject({ version: 2, is_active: false, active_version: 1, latest_version: 2 });
  });

  it("refuses a stale base with the current version, by header and by body, and writes nothing", async () => {
    const { id } = await create();
    const put = (body: unknown, headers: Record<string, string> = {}) =>
      tenant.client.call(`${GRAPHS}/${id}`, { method: "PUT", body, headers });
    expect((await put(echoGraph({ version: 1 }))).status).toBe(200);
    for (const stale of [
      await put(echoGraph({ version: 1, name: "lost" })),
      await put(echoGraph({ name: "lost" }), { "if-match": '"1"' }),
      await put(echoGraph({ name: "lost", version: 2 }), { "if-match": '"9"' }),
    ]) {
      expect(stale.status).toBe(412);
      expect(stale.body).toMatchObject({
        error: { code: "version_conflict", details: { current_version: 2, active_version: 2 } },
      });
    }
    expect((await tenant.client.call(`${GRAPHS}/${id}`)).body).toMatchObject({ name: "Echo", latest_version: 2 });
  });

  it("wants to know the base", async () => {
    const { id } = await create();
    const answer = await tenant.client.call(`${GRAPHS}/${id}`, { method: "PUT", body: echoGraph() });
    expect([answer.status, answer.body]).toMatchObject([428, { error: { code: "precondition_required" } }]);
  });

  it("lets exactly one of many simultaneous saves through", async () => {
    const { id } = await create();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        tenant.client.call(`${GRAPHS}/${id}`, {
          method: "PUT",
          body: echoGraph({ version: 1, name: `save ${index}` }),
        }),
      ),
    );
    const winners = answers.filter((answer) => answer.status === 200);
    expect(winners).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 412)).toHaveLength(7);
    const now = await tenant.client.call(`${GRAPHS}/${id}`);
    expect(now.body).toMatchObject({ latest_version: 2, name: winners[0]?.body["name"] });
  });
});

describe("versions", () => {
  it("can be activated, and only those that exist", async () => {
    const { id } = await create();
    await tenant.client.call(`${GRAPHS}/${id}`, { method: "PUT", body: echoGraph({ version: 1, name: "Two" }) });
    const activate = (version: unknown) =>
      tenant.client.call(`${GRAPHS}/${id}/versions/active`, { method: "PUT", body: { active_graph_version: version } });
    expect((await activate(1)).body).toMatchObject({
      version: 1,
      is_active: true,
      active_version: 1,
      latest_version: 2,
      name: "Echo",
    });
    expect((await tenant.client.call(`${GRAPHS}/${id}`)).body).toMatchObject({ version: 1, name: "Echo" });
    expect((await activate(3)).status).toBe(404);
    expect((await activate("1")).status).toBe(422);
    expect((await tenant.client.call(`${GRAPHS}/${id}?version=2`)).body).toMatchObject({ version: 2, name: "Two" });
    expect((await tenant.client.call(`${GRAPHS}/${id}?version=3`)).status).toBe(404);
    const exported = await tenant.client.call(`${GRAPHS}/${id}/versions/2?for_export=true`);
    expect(exported.body).toMatchObject({ name: "Two", version: 2, user_id: "" });
  });

  it("page by number", async () => {
    const { id } = await create();
    for (const version of [1, 2, 3]) {
      await tenant.client.call(`${GRAPHS}/${id}`, { method: "PUT", body: echoGraph({ version }) });
    }
    const first = await tenant.client.call<{ items: { version: number }[]; next_cursor: string }>(
      `${GRAPHS}/${id}/versions?limit=3`,
    );
    expect(first.body.items.map((item) => item.version)).toEqual([4, 3, 2]);
    const rest = await tenant.client.call(`${GRAPHS}/${id}/versions?limit=3&cursor=${first.body.next_cursor}`);
    expect(rest.body).toMatchObject({ items: [{ version: 1 }], next_cursor: null });
  });
});

describe("lists and deletion", () => {
  it("lists only one's own, pages, searches, and forgets what was deleted", async () => {
    const own = await createTenant();
    const ids: string[] = [];
    for (const name of ["Alpha", "Beta 100%", "Gamma"]) {
      const made = await own.client.call<GraphView>(GRAPHS, { body: echoGraph({ name }) });
      ids.push(made.body.id);
    }
    interface Page {
      items: { id: string; name: string }[];
      next_cursor: string | null;
    }
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: { body: Page } = await own.client.call<Page>(
        `${GRAPHS}?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`,
      );
      seen.push(...page.body.items.map((item) => item.id));
      cursor = page.body.next_cursor;
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
    const found = await own.client.call<Page>(`${GRAPHS}?search=${encodeURIComponent("a 100%")}`);
    expect(found.body.items.map((item) => item.name)).toEqual(["Beta 100%"]);
    expect((await own.client.call(`${GRAPHS}/${ids[0]}`, { method: "DELETE" })).status).toBe(204);
    expect((await own.client.call(`${GRAPHS}/${ids[0]}`)).status).toBe(404);
    expect((await own.client.call(`${GRAPHS}/${ids[0]}/versions/1`)).status).toBe(404);
    expect((await own.client.call<Page>(GRAPHS)).body.items).toHaveLength(2);
  });
});
