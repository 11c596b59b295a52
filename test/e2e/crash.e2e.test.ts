import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pass } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiError, type WeftClient } from "#cli/client.ts";
import { agentFile } from "../agent-file.ts";
import { limited, steps, type TestAgent, testAgents } from "./agents.ts";
import { checkOneAfterTheOther, checkRun, repeatedAttempts, runEnded } from "./check-run.ts";
import { HoldingServer } from "./holding-server.ts";
import { seededRandom } from "./seeded-random.ts";
import { startServer, type TestServer } from "./server.ts";

const RUNS = 100;
const RUNS_PER_ROUND = 8;
/** A kill comes after a random number of a round's answers, and then after a random time up to this: some runs have ended by then. */
const LATEST_KILL_MS = 400;
/** Runs of which one may go at a time, and kills from their start on: each soon enough for most of them to be held still. */
const HELD_RUNS = 10;
const HELD_KILLS = 3;
const LATEST_HELD_KILL_MS = 100;

const seed = Number(process.env["WEFT_CRASH_SEED"] ?? Date.now() % 1_000_000);

interface AcceptedRun {
  id: string;
  agent: TestAgent;
  run: number;
}

describe(`SIGKILL of the serving process at random moments (WEFT_CRASH_SEED=${seed})`, () => {
  let server: TestServer;
  let slow: Server;
  let agents: TestAgent[] = [];
  beforeAll(async () => {
    console.log(`WEFT_CRASH_SEED=${seed}`);
    slow = await startSlowServer(LATEST_KILL_MS);
    const host = `127.0.0.1:${(slow.address() as AddressInfo).port}`;
    // An attempt can be lost only while a consumer holds it: a step alone is over too soon for that.
    agents = [...testAgents, steps, calling(`http://${host}/`)];
    server = await startServer({ env: { WEFT_LEASE_MS: "2000", WEFT_EGRESS_ALLOW: host } });
  });
  afterAll(async () => {
    await server.stop();
    slow.closeAllConnections();
    slow.close();
  });

  it(
    `loses none of ${RUNS} runs and repeats no result`,
    async () => {
      const random = seededRandom(seed);
      const graphs = new Map<TestAgent, string>();
      for (const agent of agents) graphs.set(agent, (await server.client.importGraph(agent.file)).id);

      const accepted: AcceptedRun[] = [];
      let kills = 0;
      for (let round = 0; accepted.length < RUNS; round++) {
        if (round > RUNS) throw new Error(`Only ${accepted.length} of ${RUNS} runs were accepted in ${round} rounds.`);
        const enough = accepted.length + 1 + Math.floor(random() * RUNS_PER_ROUND);
        const delay = random() * LATEST_KILL_MS;
        await new Promise<void>((killNow) => {
          const starts = Array.from({ length: RUNS_PER_ROUND }, async (_, index) => {
            const agent = pick(agents, random());
            const run = round * 10 + index;
            const id = await start(server.client, graphs.get(agent) ?? "", agent.inputs(run));
            if (id !== null) accepted.push({ id, agent, run });
            if (accepted.length >= enough) killNow();
          });
          void Promise.all(starts).then(() => killNow());
        });
        // The moment of the kill is what this test is about: this waits for nothing.
        await pass(delay);
        await server.kill("SIGKILL");
        kills++;
        await server.restart();
      }

      const { client } = server;
      for (const { id } of accepted) await runEnded(client, id);
      let repeated = 0;
      for (const { id, agent, run } of accepted) {
        await checkRun(client, id, { agent, run });
        repeated += await repeatedAttempts(client, id);
      }
      // Also what was begun for a client that never got its answer must have come to an end.
      for await (const { id } of client.executions({})) await runEnded(client, id);
      console.log(`${accepted.length} runs, ${kills} kills, ${repeated} attempts lost and repeated`);
      expect(accepted.length).toBeGreaterThanOrEqual(RUNS);
      // Otherwise the kills have hit nothing, and the test has shown nothing.
      expect(repeated).toBeGreaterThan(0);
    },
    15 * 60_000,
  );

  it(`lets ${HELD_RUNS} runs go one after the other that may not run side by side`, async () => {
    const random = seededRandom(seed);
    const { id: graph_id } = await server.client.importGraph(limited.file);
    const ids = await Promise.all(
      Array.from({ length: HELD_RUNS }, async (_, run) => {
        const { id } = await server.client.startExecution({ graph_id, inputs: limited.inputs(run) });
        return id;
      }),
    );
    const killedAt: number[] = [];
    while (killedAt.length < HELD_KILLS) {
      // The moment of the kill is what this test is about, here too.
      await pass(random() * LATEST_HELD_KILL_MS);
      killedAt.push(Date.now());
      await server.kill("SIGKILL");
      await server.restart();
    }

    const { client } = server;
    let held = 0;
    for (const [run, id] of ids.entries()) {
      const { started_at } = await runEnded(client, id);
      await checkRun(client, id, { agent: limited, run });
      held += Date.parse(started_at ?? "") > (killedAt[0] ?? 0) ? 1 : 0;
    }
    await checkOneAfterTheOther(
      client,
      ids.map((id) => ({ id })),
    );
    console.log(`${held} of ${HELD_RUNS} runs were held at the first of ${HELD_KILLS} kills`);
    expect(held).toBeGreaterThan(0);
  });
});

describe("a run whose consumer died", () => {
  /** Longer than an idle object stays in memory: the object must not count on remembering whom it gave what. */
  const LEASE_MS = 12_000;
  const remote = new HoldingServer();
  let server: TestServer;
  beforeAll(async () => {
    await remote.start();
    server = await startServer({ env: { WEFT_LEASE_MS: String(LEASE_MS), WEFT_EGRESS_ALLOW: remote.host } });
  });
  afterAll(async () => {
    await server.stop();
    remote.stop();
  });

  it("goes on by itself, though nobody asks for it and its object was put to sleep meanwhile", async () => {
    const agent = calling(`http://${remote.host}/died/0`);
    const { id: graph_id } = await server.client.importGraph(agent.file);
    const { id } = await server.client.startExecution({ graph_id, inputs: agent.inputs(1) });
    await remote.calls("died", 1);
    await server.kill("SIGKILL");
    await server.restart();
    // Not before: the runtime outlives its parent for a moment, in which it could take the answer.
    remote.letGo("died");
    // Nobody asks for the run before it has gone on: that would wake its object.
    await remote.calls("died", 2);
    await runEnded(server.client, id);
    await checkRun(server.client, id, { agent, run: 1 });
    expect(remote.of("died")).toHaveLength(2);
    expect(await repeatedAttempts(server.client, id)).toBe(1);
  });
});

/** Answers a run's first call after some time, and at once when it calls again: else the same run might lose one attempt after the other. */
async function startSlowServer(ms: number): Promise<Server> {
  const known = new Set<unknown>();
  const slow = createServer(({ headers }, response) => {
    const answer = (): unknown => response.setHeader("content-type", "application/json").end('"ok"');
    if (known.has(headers["x-word"])) {
      answer();
    } else {
      known.add(headers["x-word"]);
      setTimeout(answer, ms);
    }
  });
  slow.listen(0, "127.0.0.1");
  await once(slow, "listening");
  return slow;
}

/** Calls a URL, which a consumer holds until the answer is there. */
function calling(url: string): TestAgent {
  return {
    name: "calling",
    file: agentFile("Calling", "", {
      nodes: {
        in: ["input", { name: "word" }],
        call: ["webRequest", { method: "GET", url }],
        out: ["output", { name: "answer" }],
      },
      links: [
        ["in.result", "call.headers_#_x-word"],
        ["call.response", "out.value"],
      ],
    }),
    inputs: (run) => ({ word: `run ${run}` }),
    outputs: () => ({ answer: ["ok"] }),
    executions: { in: 1, call: 1, out: 1 },
  };
}

function pick<T>(items: readonly T[], random: number): T {
  const item = items[Math.floor(random * items.length)];
  if (item === undefined) throw new Error("There is nothing to pick from.");
  return item;
}

/** Null when the server was killed before it answered: then nobody was promised anything. */
async function start(
  client: WeftClient,
  graph_id: string,
  inputs: Parameters<WeftClient["startExecution"]>[0]["inputs"],
) {
  try {
    return (await client.startExecution({ graph_id, inputs })).id;
  } catch (error) {
    if (error instanceof ApiError && error.status !== 0) throw error;
    return null;
  }
}
