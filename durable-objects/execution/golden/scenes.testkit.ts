import type { PlanNode } from "#graph/plan/plan.ts";
import { gathers, plan } from "../core/plan.testkit.ts";
import { memoKey } from "../core/reuse.ts";
import { markerOf } from "../core/stored-value.ts";
import type { Output, Parts } from "../core/stored-value.ts";
import { LEASE_MS } from "./golden-file.testkit.ts";
import { outs, Scene, USAGE } from "./scene.testkit.ts";

const INPUT = { ui_type: "Input" } as const;
const OUTPUT = { ui_type: "Output" } as const;

/** Pure nodes in a cycle, with a static link, a run's input and a value that stands in an output node. */
function loop(name: string): Scene {
  const of = plan(
    {
      from: { ...INPUT, input_default: { name: "from", value: null } },
      by: { ...INPUT, input_default: { name: "by", value: 2 } },
      note: { ...OUTPUT, input_default: { name: "note", value: "as it stands" } },
      add: {},
      enough: {},
      out: { ...OUTPUT, input_default: { name: "reached" } },
    },
    [
      "from.out -> add.a",
      "by.out => add.b",
      "add.out -> enough.value",
      "enough.no -> add.a",
      "enough.yes -> out.value",
    ],
    { required_inputs: ["from"], timeout_ms: 600_000, lease_ms: 20_000, per_message: 4 },
  );
  const scene = new Scene(name, of, { from: 5 });
  scene.goesOn("n1", ["out", 5]);
  scene.keep();
  scene.goesOn("n2", ["out", 2]);
  scene.keep();
  scene.goesOn("n3", ["out", "as it stands"]);
  scene.goesOn("n4", ["out", 7]);
  scene.goesOn("n5", ["no", 7]);
  scene.keep();
  scene.goesOn("n6", ["out", 9]);
  scene.goesOn("n7", ["yes", 9]);
  scene.goesOn("n8", ["out", 9], ["name", "reached"]);
  return scene.ends("COMPLETED");
}

/** A failed attempt, a lost one, a failure that a link handles and one that nothing handles. */
function retries(name: string): Scene {
  const retry = { max_attempts: 3, backoff_ms: 4_000, max_backoff_ms: 60_000 };
  const of = plan(
    { again: { effects: "idempotent", retry }, once: { effects: "once" }, handler: {}, lost: { effects: "once" } },
    ["once.error -> handler.reason"],
  );
  const scene = new Scene(name, of, {});
  const { again = [], once = [] } = scene.lease();
  scene.fails(again[0], "egress_timeout", USAGE);
  scene.keep();
  scene.fails(once[0], "refused", USAGE);
  scene.completes(scene.leaseOne("handler"), outs("handled"));
  scene.passes(5_000);
  scene.leaseOne("again");
  scene.keep();
  scene.passes(LEASE_MS + 1);
  scene.keep();
  scene.completes(scene.leaseOne("again"), outs("at last"), { usage: USAGE });
  return scene.ends("FAILED");
}

/** Times, a call from outside, a call that does not come, and three reviews, of which one answer waives the others. */
function waits(name: string): Scene {
  const of = plan(
    { timer: {}, call: {}, late: {}, list: {}, review: {}, out: { ...OUTPUT, input_default: { name: "said" } } },
    ["list.out -> review.data", "review.approved_data -> out.value"],
  );
  const scene = new Scene(name, of, {});
  const { timer = [], call = [], late = [], list = [] } = scene.lease();
  scene.waits(timer[0], { kind: "timer", until: scene.now + 60_000 }, USAGE);
  scene.waits(call[0], { kind: "callback", until: scene.now + 90_000, payload: { token: "t" } });
  scene.waits(late[0], { kind: "callback", until: scene.now + 30_000 });
  scene.completes(list[0], outs("one", "two", "three"));
  const asked = scene.lease()["review"] ?? [];
  for (const ne of asked) {
    scene.waits(ne, { kind: "review", payload: { name: "Good?", data: ne, editable: true } });
  }
  scene.keep();
  scene.passes(35_000);
  scene.completes(scene.leaseOne("late"), outs("nobody called"));
  scene.signals(call[0], "callback", { body: 1 });
  scene.keep();
  scene.completes(scene.leaseOne("call"), outs("called"));
  scene.passes(30_000);
  scene.keep();
  scene.completes(scene.leaseOne("timer"), outs("rang"));
  scene.keep();
  scene.signals(asked[1], "review", { approved: true, data: "two, edited", message: "better" }, true);
  scene.keep();
  const { review = [] } = scene.lease();
  // Not in the order in which they were queued: the first one holds back what the others give.
  for (const ne of review.toReversed()) {
    scene.completes(ne, [["approved_data", `${ne} approved`]]);
    scene.keep();
  }
  scene.completes(scene.lease()["out"]?.[0]);
  return scene;
}

function waitsToTheEnd(name: string): Scene {
  const scene = waits(name);
  for (const { id } of [...scene.run.state.running]) {
    scene.completes(id);
  }
  return scene.ends("COMPLETED");
}

/** Runs two agents, one of which fails, and is stopped while it waits for a third. */
function subAgents(name: string): Scene {
  const of = plan({ agent: {}, bad: {}, slow: {}, out: { ...OUTPUT, input_default: { name: "item" } }, why: {} }, [
    "agent.item -> out.value",
    "bad.error -> why.reason",
  ]);
  const root = { root_graph_id: "r", root_graph_version: 3 };
  const scene = new Scene(
    name,
    of,
    {},
    { source: "agent", root, parent: { execution_id: "p", ne: "n4", hops: 2, ...root } },
  );
  const { agent = [], bad = [], slow = [] } = scene.lease();
  for (const [ne = ""] of [agent, bad, slow]) {
    scene.waits(ne, { kind: "child", payload: { graph_id: `child of ${ne}`, graph_version: 1, inputs: { a: 1 } } });
  }
  scene.keep();
  const news = { ne: agent[0] ?? "", firstOutput: 0, outputs: [["item", "a"]] as Output[] };
  scene.do({ type: "child", news });
  scene.keep();
  const end = { durationMs: 900, usage: USAGE };
  const all: Output[] = [...news.outputs, ["item", "b"]];
  scene.do({ type: "child", news: { ...news, outputs: all, end: { ...end, status: "completed", error: null } } });
  const error = { code: "boom", message: "It broke." };
  scene.do({
    type: "child",
    news: { ...news, ne: bad[0] ?? "", outputs: [], end: { ...end, status: "failed", error } },
  });
  scene.keep();
  scene.do({ type: "cancel", reason: "enough" });
  return scene.ends("TERMINATED");
}

/** Lists of all and lists of two, of values and of parts of them. */
function collect(name: string): Scene {
  const of = plan(
    {
      items: {},
      op: {},
      all: gathers("end"),
      pairs: { ...gathers("count"), input_default: { count: 2 } },
      out: { ...OUTPUT, input_default: { name: "lists" } },
    },
    [
      "items.out -> op.x",
      "op.out -> all.item",
      "op.out_#_k -> pairs.item",
      "pairs.list -> out.value",
      "all.list -> out.value",
    ],
  );
  const scene = new Scene(name, of, {});
  scene.completes(scene.leaseOne("items"), outs(1, 2, 3));
  const { op = [] } = scene.lease();
  scene.completes(op[2], outs({ k: "c" }));
  scene.keep();
  scene.completes(op[0], outs({ k: "a" }));
  scene.keep();
  scene.completes(op[1], outs({ k: "b" }));
  scene.keep();
  while (scene.run.state.active > 0) {
    for (const [node, nes] of Object.entries(scene.lease())) {
      for (const ne of nes) {
        scene.completes(ne, node === "out" ? [] : [["list", `of ${node}`]]);
      }
    }
    scene.keep();
  }
  return scene.ends("COMPLETED");
}

/** Started from another run, with its results, and other values for one node. */
function fork(name: string): Scene {
  const of = plan({ a: {}, b: {}, c: {} }, ["a.out -> b.x", "b.out -> c.x"]);
  const scene = new Scene(
    name,
    of,
    {},
    {
      origin: { kind: "fork", execution_id: "golden-earlier", node_execution_id: "n2" },
      reuse: {
        memo: [
          { node_id: "a", key: memoKey({}), outputs: outs(1), usage: USAGE },
          { node_id: "c", key: memoKey({ x: 70 }), outputs: outs("as before") },
          { node_id: "c", key: memoKey({ x: 1 }), outputs: outs("not asked for") },
        ],
        override: { node_id: "b", ordinal: 0, inputs: { x: 7 } },
      },
    },
  );
  scene.keep();
  scene.completes(scene.leaseOne("b"), outs(70));
  return scene.ends("COMPLETED");
}

function retryOf(name: string): Scene {
  const reuse = { memo: [{ node_id: "a", key: memoKey({}), outputs: outs(1) }] };
  const origin = { kind: "retry", execution_id: "golden-earlier" } as const;
  const scene = new Scene(name, plan({ a: {}, b: {} }, ["a.out -> b.x"]), {}, { origin, reuse });
  scene.keep();
  return scene;
}

/** A dry run of a part: outputs that were given, samples, and a result of the cache. */
function pinned(name: string): Scene {
  const of = plan(
    {
      given: { pinned: { out: [1, 2], other: ["x"] } },
      sample: { pinned: { out: ["sampled"] }, sampled: true },
      cached: { effects: "idempotent", cache: { ttl_seconds: 60 } },
    },
    ["given.out -> cached.x", "sample.out => cached.y"],
  );
  const shape = { until_node_id: "cached", pinned_node_ids: ["given"] };
  const scene = new Scene(name, of, {}, { dry_run: true, sampled_inputs: ["word"], shape });
  scene.keep();
  for (const ne of scene.lease()["cached"] ?? []) {
    scene.completes(ne, outs(`cached for ${ne}`), { usage: USAGE, reused: "cache" });
  }
  return scene.ends("COMPLETED");
}

/** A value that lies outside of the log, of which links take it and parts of it. */
function storedValue(name: string): Scene {
  const of = plan({ big: {}, whole: {}, part: {}, out: { ...OUTPUT, input_default: { name: "big" } } }, [
    "big.out -> whole.x",
    "big.out_#_title -> part.x",
    "big.out_#_none -> part.y",
    "whole.out -> out.value",
  ]);
  const sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  const marker = markerOf({ sha256, size: 2_000_000, type: "object", preview: '{"title":"A tale","text":"It was' });
  const parts: Parts = [["out_#_title", "A tale"]];
  const scene = new Scene(name, of, { given: marker });
  scene.report(scene.leaseOne("big"), [["out", marker, parts]]);
  scene.keep();
  scene.completes("n1");
  scene.completes(scene.leaseOne("whole"), outs({ wrapped: marker }));
  scene.keep();
  scene.completes(scene.leaseOne("out"), outs({ wrapped: marker }));
  return scene.ends("COMPLETED");
}

/** Held by a person, let go on, and stopped while a node ran and one was ready. */
function paused(name: string): Scene {
  const scene = new Scene(name, plan({ a: { effects: "once" }, b: {}, c: {} }, ["a.out -> b.x", "b.out -> c.x"]), {});
  const a = scene.leaseOne("a");
  scene.do({ type: "pause" });
  scene.keep();
  scene.report(a, outs(1));
  scene.completes(a, outs(2));
  scene.keep();
  scene.do({ type: "unpause" });
  scene.keep();
  scene.goesOn("n2", ["out", 1]);
  scene.lease();
  scene.keep();
  scene.do({ type: "cancel", reason: "Stopped by a person." });
  return scene.ends("TERMINATED");
}

/** Waits for room, and has no log. */
function held(name: string): Scene {
  const flow = { concurrency: { limit: 1, key: "inputs.who" } };
  const ticket = {
    execution_id: `golden-${name}`,
    workspace_id: "w",
    graph_id: "g",
    flow,
    keys: { concurrency: "hash" },
  };
  const hold = { code: "concurrency", message: "Another run of the agent has the place." } as const;
  return new Scene(name, plan({ a: {} }, []), null, { held_inputs: { who: "Ada" }, admission: { ticket, hold } });
}

/** Cannot go on, while the end of what ran was told in the same message. */
function tooManySteps(name: string): Scene {
  const scene = new Scene(name, plan({ a: {}, b: {} }, ["a.out -> b.x"], { step_limit: 3 }), {});
  scene.completes(scene.leaseOne("a"), outs(1, 2, 3, 4), { usage: USAGE });
  return scene.ends("FAILED");
}

/** A call to the outside that its method makes harmless, tried again after one code only. */
const CALL: Partial<PlanNode> = {
  effects: "safe",
  refined: { pin: "method", otherwise: "once" },
  input_default: { method: "GET" },
  retry: { max_attempts: 5, backoff_ms: 4_000, max_backoff_ms: 60_000, on: ["egress_timeout"] },
};

/** Begun by the Worker that took the request, which works on it; it has a place, and calls the outside side by side. */
function begun(name: string): Scene {
  const of = plan(
    { urls: { ...INPUT, input_default: { name: "urls" } }, each: {}, get: CALL, post: { ...CALL, pool: "cpu" } },
    ["urls.out -> each.items", "each.item -> get.url", "each.item -> post.url"],
    { per_message: 2, timeout_ms: 90_000 },
  );
  const ticket = { execution_id: `golden-${name}`, workspace_id: "w", graph_id: "g", flow: null, keys: {} };
  const more = { begun_by: "request-1", admission: { ticket, hold: null } };
  const scene = new Scene(name, of, { urls: ["a", "b", "c"] }, more);
  scene.goesOn("n1", ["out", ["a", "b", "c"]]);
  scene.goesOn("n2", ["item", "a"], ["item", "b"], ["item", "c"]);
  scene.keep();
  scene.lease();
  scene.keep();
  return scene.ends("RUNNING");
}

/** One attempt fails, one is lost, and the time for all of them is over before the next; beside it one fails with a code that is not tried again. */
function totalLimit(name: string): Scene {
  const of = plan({ slow: { ...CALL, total_timeout_ms: 36_000 }, refused: CALL, why: {} }, [
    "refused.error -> why.reason",
  ]);
  const scene = new Scene(name, of, {});
  const { slow = [], refused = [] } = scene.lease();
  scene.fails(slow[0], "egress_timeout", USAGE);
  scene.fails(refused[0], "refused");
  scene.completes(scene.leaseOne("why"), outs("told"));
  scene.keep();
  scene.passes(5_000);
  scene.leaseOne("slow");
  scene.keep();
  scene.passes(LEASE_MS + 1);
  scene.keep();
  scene.passes(5_000);
  return scene.ends("FAILED");
}

/** One node of an agent, its pins from the inputs. */
function oneNode(name: string): Scene {
  const of = plan({ get: { ...CALL, total_timeout_ms: 60_000 } }, []);
  const scene = new Scene(name, of, { url: "a" }, { shape: { only_node_id: "get" } });
  const get = scene.leaseOne("get");
  scene.keep();
  scene.completes(get, outs("page"));
  return scene.ends("COMPLETED");
}

/** The retry of a run that another one had started: it has no parent any more, and starts others out of the same file. */
function childAgain(name: string): Scene {
  const root = { root_graph_id: "r", root_graph_version: 3 };
  const origin = { kind: "retry", execution_id: "golden-earlier" } as const;
  const scene = new Scene(name, plan({ agent: {} }, []), {}, { origin, root, reuse: { memo: [] } });
  const payload = { graph_id: "child", graph_version: 1, inputs: {} };
  scene.waits(scene.leaseOne("agent"), { kind: "child", payload });
  scene.keep();
  return scene.ends("RUNNING");
}

/** By the name of their file. */
export const SCENES: Record<string, (name: string) => Scene> = {
  loop,
  retries,
  "waits-midway": waits,
  waits: waitsToTheEnd,
  "sub-agents": subAgents,
  collect,
  fork,
  retry: retryOf,
  pinned,
  "stored-value": storedValue,
  paused,
  held,
  "too-many-steps": tooManySteps,
  begun,
  "total-limit": totalLimit,
  "one-node": oneNode,
  "child-again": childAgain,
};
