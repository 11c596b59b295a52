import { setTimeout as pass } from "node:timers/promises";
import { v5 as uuidv5 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiError, type WeftClient } from "#cli/client.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { inShard, shardOf } from "#graph/run/shard.ts";
import { child, limited, nested, reviewed, reviewedAs, steps, type TestAgent } from "./agents.ts";
import { checkOneAfterTheOther, checkRun, LONGEST_RECOVERY_MS, repeatedAttempts } from "./check-run.ts";
import { startServer, type TestServer } from "./server.ts";

interface StartedRun {
  id: string;
  agent: TestAgent;
  run: number;
  /** It was not let go at once. */
  held: boolean;
}

/** A run that was killed with the process. */
interface KilledRun extends StartedRun {
  scene: string;
  /** ms since the epoch */
  killedAt: number;
}

/** What is killed, and after which commits of which run. */
interface Scene {
  name: string;
  /** Started at the same time. */
  agents: TestAgent[];
  /** The run whose commits count: one of those that were started, or one that they have started. */
  watched(client: WeftClient, started: StartedRun[]): Promise<StartedRun>;
  /** Also killed after the commit with which the watched run ends. */
  atEnd?: boolean;
}

// Those whose recovery may take longest come first: they recover while the others are killed.
const SCENES: Scene[] = [
  { name: "a run that runs another", agents: [nested], watched: first },
  { name: "a run that another run began", agents: [nested], watched: childOf, atEnd: true },
  {
    name: "a run that another one waits for, held",
    agents: [limited, limited, limited, limited],
    watched: first,
    atEnd: true,
  },
  { name: "a run that asks a person", agents: [reviewed], watched: first },
  { name: "a run", agents: [steps], watched: first },
];

describe("SIGKILL of the serving process at every commit of a run", () => {
  let server: TestServer;
  const graphs = new Map<TestAgent, string>();
  beforeAll(async () => {
    server = await startServer({ env: { WEFT_LEASE_MS: "1500" } });
    for (const agent of [nested, limited, reviewed, steps]) {
      graphs.set(agent, (await server.client.importGraph(agent.file)).id);
    }
  });
  afterAll(() => server.stop());

  it("changes nothing that the runs come to, and repeats no result", async () => {
    const killed: KilledRun[] = [];
    for (const scene of SCENES) {
      const undisturbed = await begin(scene);
      const watched = await scene.watched(server.client, undisturbed);
      for (const each of undisturbed) await walk(server.client, each);
      const points = commitPoints(await Array.fromAsync(server.client.events(watched.id)), scene);
      expect(points.length, scene.name).toBeGreaterThan(3);
      for (const seq of points) {
        const runs = await begin(scene);
        await walk(server.client, await scene.watched(server.client, runs), seq);
        const killedAt = Date.now();
        await server.kill("SIGKILL");
        await server.restart();
        killed.push(...runs.map((each) => ({ ...each, scene: scene.name, killedAt })));
      }
      console.log(`${scene.name}: killed after the events ${points.join(", ")}`);
    }

    const { client } = server;
    const interrupted = new Map(SCENES.map(({ name }) => [name, 0]));
    let repeated = 0;
    for (const { scene, killedAt, ...each } of killed) {
      await walk(client, each);
      for (const one of each.agent === nested ? [each, await childOf(client, [each])] : [each]) {
        await checkRun(client, one.id, one);
        repeated += await repeatedAttempts(client, one.id);
      }
      const { ended_at } = await client.execution(each.id);
      interrupted.set(scene, (interrupted.get(scene) ?? 0) + (Date.parse(ended_at ?? "") > killedAt ? 1 : 0));
    }
    const groups = Map.groupBy(
      killed.filter(({ agent }) => agent === limited),
      ({ run }) => Math.floor(run / 10),
    );
    for (const runs of groups.values()) await checkOneAfterTheOther(client, runs);
    console.log(`${repeated} attempts lost and repeated; runs interrupted:`, Object.fromEntries(interrupted));
    // Otherwise the kills have hit nothing, and the test has shown nothing.
    expect(repeated).toBeGreaterThan(0);
    for (const [name, count] of interrupted) expect(count, name).toBeGreaterThan(0);
  }, 300_000);

  /** The groups of `limited` are of ten runs. */
  let tens = 0;

  async function begin({ agents }: Scene): Promise<StartedRun[]> {
    tens += 10;
    const start = async (agent: TestAgent, run: number): Promise<StartedRun> => {
      const request = { graph_id: graphs.get(agent) ?? "", inputs: agent.inputs(run) };
      const { id, queued_reason } = await server.client.startExecution(request);
      return { id, agent, run, held: queued_reason !== null };
    };
    const first = tens;
    return Promise.all(agents.map((agent, index) => start(agent, first + index)));
  }
});

async function first(_: WeftClient, started: StartedRun[]): Promise<StartedRun> {
  const run = started.find(({ held }) => !held);
  if (run === undefined) throw new Error("Nothing was started.");
  return run;
}

/** The run that the agent node of a run of `nested` has begun. */
async function childOf(client: WeftClient, [parent]: StartedRun[]): Promise<StartedRun> {
  if (parent === undefined) throw new Error("Nothing was started.");
  for await (const event of client.follow(parent.id, 0, limit())) {
    if (event.type === "node_waiting" && event.kind === "child") {
      const id = inShard(uuidv5(event.node_execution_id, parent.id), shardOf(parent.id));
      await begun(client, id);
      return { id, agent: child, run: parent.run, held: false };
    }
  }
  throw new Error(`The run ${parent.id} has begun no other.`);
}

/** Between two looks for a run, ms: short beside the time that it runs. */
const LOOK_MS = 10;

/** Resolves when there is a run with this id. Nothing tells: the run that begins it does not say when it is there. */
async function begun(client: WeftClient, id: string): Promise<void> {
  for (const until = limit(); !until.aborted;) {
    try {
      await client.execution(id);
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      await pass(LOOK_MS);
    }
  }
  throw new Error(`The run ${id} was not begun.`);
}

/** The last event of each commit, but of the one that ends the run: the events of a commit have one time. */
function commitPoints(events: ExecutionEvent[], { atEnd = false }: Scene): number[] {
  return events.flatMap(({ seq, at }, index) => {
    const next = events[index + 1];
    return next === undefined ? (atEnd ? [seq] : []) : next.at === at ? [] : [seq];
  });
}

/** Follows a run up to an event, or to its end, and answers for the person whom it asks before. */
async function walk(client: WeftClient, { id, run }: StartedRun, upTo = Infinity): Promise<void> {
  let seen = 0;
  for await (const event of client.follow(id, 0, limit())) {
    seen = event.seq;
    if (seen >= upTo || event.type === "execution_completed") return;
    if (event.type === "node_waiting" && event.kind === "review") {
      const { items } = await client.reviews(id);
      for (const { review_id } of items) await client.review(id, review_id, { approved: true, data: reviewedAs(run) });
    }
  }
  throw new Error(`The run ${id} came to event ${seen} only: ${JSON.stringify(await client.execution(id))}`);
}

function limit(): AbortSignal {
  return AbortSignal.timeout(LONGEST_RECOVERY_MS);
}
