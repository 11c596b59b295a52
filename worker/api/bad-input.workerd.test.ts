import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createTenant } from "#test/workerd/api-client.ts";
import type { Call, Tenant } from "#test/workerd/api-client.ts";
import { echoGraph, INPUT_BLOCK } from "#test/workerd/echo-graph.ts";

let tenant: Tenant;
let graphId: string;

beforeAll(async () => {
  tenant = await createTenant();
  const made = await tenant.client.call<{ id: string }>("/api/v1/graphs", { body: echoGraph() });
  graphId = made.body.id;
});

afterEach(() => {
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

async function counts(): Promise<{ graphs: number; versions: number }> {
  const list = await tenant.client.call<{ items: unknown[] }>("/api/v1/graphs?limit=100");
  const versions = await tenant.client.call<{ items: unknown[] }>(`/api/v1/graphs/${graphId}/versions?limit=100`);
  return { graphs: list.body.items.length, versions: versions.body.items.length };
}

/** Every route that takes a body, ours and AutoGPT's. */
function bodyRoutes(): [method: string, path: string][] {
  return [
    ["POST", "/api/v1/graphs"],
    ["PUT", `/api/v1/graphs/${graphId}`],
    ["PUT", `/api/v1/graphs/${graphId}/versions/active`],
    ["POST", "/api/v1/executions"],
    ["POST", `/api/v1/blocks/${INPUT_BLOCK}/execute`],
    ["POST", "/external-api/v1/graphs"],
    ["POST", `/external-api/v1/graphs/${graphId}/execute/1`],
    ["POST", `/external-api/v1/blocks/${INPUT_BLOCK}/execute`],
  ];
}

async function everywhere(call: Call): Promise<{ status: number; text: string }[]> {
  const before = await counts();
  const answers: { status: number; text: string }[] = [];
  for (const [method, path] of bodyRoutes()) {
    const response = await tenant.client.fetch(path, {
      ...call,
      method,
      headers: { ...call.headers, "if-match": '"1"' },
    });
    answers.push({ status: response.status, text: `${path} ${await response.text()}` });
  }
  expect(await counts()).toEqual(before);
  return answers;
}

describe("bodies that nothing can be done with, on every route that takes one", () => {
  it.each(["", "{", "nonsense", '{"a":1}}', "\u0000"])("malformed JSON %j is 400", async (body) => {
    for (const { status, text } of await everywhere({ body })) {
      expect(status, text).toBe(400);
    }
  });

  it.each(["[]", "3", '"text"', "null", "true"])(
    "the JSON value %s is refused where an object is due",
    async (body) => {
      for (const { status, text } of await everywhere({ body })) {
        expect(status, text).toBe(422);
      }
    },
  );

  it.each([
    '{"__proto__":{"polluted":true}}',
    '{"nodes":[{"id":"a","block_id":"b","input_default":{"__proto__":{"polluted":true}}}],"links":[],"name":"x"}',
    `{"graph_id":"g","inputs":{"__proto__":{"polluted":true}},"node_input":{"__proto__":1}}`,
  ])("the name __proto__ is 400: %s", async (body) => {
    for (const { status, text } of await everywhere({ body })) {
      expect(status, text).toBe(400);
      expect(text).toContain("__proto__");
    }
  });

  it("a form is 415, so that no page elsewhere can send one with somebody's cookie", async () => {
    for (const { status, text } of await everywhere({ body: "a=1", headers: { "content-type": "text/plain" } })) {
      expect(status, text).toBe(415);
    }
  });

  it("a thousand nested arrays are 400", async () => {
    const body = `{"name":"x","nodes":[],"links":[],"graph_id":"x","inputs":{"a":${"[".repeat(1_000)}${"]".repeat(1_000)}}}`;
    for (const { status, text } of await everywhere({ body })) {
      expect(status, text).toBe(400);
    }
  });
});

describe("bodies that are too large", () => {
  it("50 MB without a length is 413, and the server goes on", async () => {
    const before = await counts();
    let left = 50;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) {
          controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
        } else {
          controller.close();
        }
      },
    });
    const answer = await tenant.client.call("/api/v1/graphs", { method: "POST", body });
    expect([answer.status, answer.body]).toMatchObject([413, { error: { code: "body_too_large" } }]);
    expect(await counts()).toEqual(before);
  });

  it("a graph of 100,000 nodes is refused as graph_too_large", async () => {
    const nodes = Array.from({ length: 100_000 }, (_, index) => ({ id: `n${index}`, block_id: "b" }));
    const answer = await tenant.client.call("/api/v1/graphs", { body: echoGraph({ nodes, links: [] }) });
    expect([answer.status, answer.body]).toMatchObject([413, { error: { code: "graph_too_large" } }]);
  });
});

describe("graphs that do not hold together", () => {
  const node = { id: "in", block_id: INPUT_BLOCK, input_default: { name: "a" } };
  const link = { id: "l", source_id: "in", sink_id: "in", source_name: "result", sink_name: "value" };

  it.each([
    ["a dangling link", { nodes: [node], links: [{ ...link, sink_id: "gone" }] }],
    ["an unknown pin", { nodes: [node], links: [{ ...link, source_name: "no_such_pin" }] }],
    ["two nodes of one id", { nodes: [node, node], links: [] }],
    ["nodes that are no list", { nodes: { 0: node }, links: [] }],
    ["a node without a block", { nodes: [{ id: "x" }], links: [] }],
    ["a name that is no text", { name: 3 }],
    ["a version that is no number", { version: "one" }],
  ])("%s: 422 with what is wrong", async (_, change) => {
    const before = await counts();
    const answer = await tenant.client.call("/api/v1/graphs", { body: echoGraph(change) });
    expect([answer.status, answer.body]).toMatchObject([422, { error: { code: "invalid_graph" } }]);
    expect(JSON.stringify(answer.body)).not.toContain("internal");
    expect(await counts()).toEqual(before);
  });

  it.each(["__proto__", "constructor", "prototype"])("a node or pin called %s: 400 invalid_name", async (name) => {
    for (const change of [
      { nodes: [{ ...node, id: name }], links: [] },
      { nodes: [node], links: [{ ...link, source_name: name }] },
    ]) {
      const answer = await tenant.client.call("/api/v1/graphs", { body: echoGraph(change) });
      expect([answer.status, answer.body]).toMatchObject([400, { error: { code: "invalid_name" } }]);
    }
  });
});

describe("starting runs", () => {
  const start = (body: unknown) => tenant.client.call("/api/v1/executions", { body });

  it("unknown keys, wrong types and limits are 422 with the path", async () => {
    for (const [body, path] of [
      [{ inputs: {} }, "graph_id"],
      [{ graph_id: 3 }, "graph_id"],
      [{ graph_id: graphId, graph_version: 1.5 }, "graph_version"],
      [{ graph_id: graphId, inputs: [] }, "inputs"],
      [{ graph_id: graphId, wait_seconds: 61 }, "wait_seconds"],
      [{ graph_id: graphId, workspace_id: "theirs" }, ""],
    ] as const) {
      const answer = await start(body);
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ error: { code: "invalid_request", details: { fields: [{ path }] } } });
    }
  });

  it("inputs that do not fit are 422 with a message for each field, and no run is made", async () => {
    for (const [inputs, field] of [
      [{}, "text"],
      [{ text: null }, "text"],
      [{ text: "x", other: 1 }, "other"],
      [{ text: "x", constructor: 1 }, "constructor"],
    ] as const) {
      const answer = await start({ graph_id: graphId, inputs });
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({
        error: { code: "invalid_inputs", details: { fields: { [field]: expect.any(String) } } },
      });
    }
    const runs = await tenant.client.call<{ items: unknown[] }>("/api/v1/executions");
    expect(runs.body.items).toEqual([]);
  });

  it("unknown graphs, versions and runs are 404", async () => {
    expect((await start({ graph_id: "nope" })).status).toBe(404);
    expect((await start({ graph_id: graphId, graph_version: 99, inputs: { text: "x" } })).status).toBe(404);
    for (const id of ["nope", crypto.randomUUID(), "..%2f..", "%00"]) {
      for (const path of [
        `/api/v1/executions/${id}`,
        `/api/v1/executions/${id}/events`,
        `/api/v1/executions/${id}/nodes`,
      ]) {
        expect((await tenant.client.call(path)).status, path).toBe(404);
      }
    }
  });

  it("a graph with a block that is not here does not run, and says which", async () => {
    const file = echoGraph({ nodes: [{ id: "x", block_id: "no-such-block" }], links: [] });
    const { body } = await tenant.client.call<{ id: string }>("/api/v1/graphs", { body: file });
    const answer = await start({ graph_id: body.id });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      error: { code: "graph_not_runnable", details: { errors: [{ node_id: "x" }] } },
    });
  });
});

describe("addresses and queries", () => {
  it("an unknown address is 404 in the one error shape, with a request id", async () => {
    for (const path of ["/api/v1/nothing", "/api/nothing"]) {
      const answer = await tenant.client.call(path);
      expect([answer.status, answer.body]).toMatchObject([404, { error: { code: "not_found" } }]);
      expect(answer.headers.get("x-request-id")).toMatch(/^[\w-]{10,}$/);
    }
  });

  it.each(["limit=0", "limit=101", "limit=x", "status=DONE", `cursor=${"x".repeat(501)}`])(
    "the query %s is 422",
    async (query) => {
      expect((await tenant.client.call(`/api/v1/executions?${query}`)).status).toBe(422);
    },
  );

  it("a cursor that this list never gave is 400", async () => {
    expect((await tenant.client.call("/api/v1/executions?cursor=abc")).body).toMatchObject({
      error: { code: "invalid_cursor" },
    });
  });
});
