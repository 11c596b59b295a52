import type { JsonObject } from "#graph/json.ts";
import { basePinName } from "#graph/pins/dynamic-pins.ts";
import { admissionWith } from "../../workspace/core/ticket.testkit.ts";
import type { AdmissionTicket } from "../../workspace/protocol.ts";
import type { ChildNews } from "../core/child.ts";
import { createEffects } from "../effects.ts";
import type { Effects } from "../effects.ts";
import { leaseMsOf } from "../env.ts";
import type { ExecutionEnv } from "../env.ts";
import { LiveView } from "../live.ts";
import { OpenRun } from "../open-run.ts";
import type { AttemptReport, Lease, LeaseRequest } from "../protocol.ts";
import { rerunOf } from "../rerun.ts";
import { Run } from "../run.ts";
import { Waiters } from "../waiters.ts";
import { toReport } from "../wire.ts";
import { ALL, savedOf, seenOf, storeOf } from "./golden-file.testkit.ts";
import type { Golden } from "./golden-file.testkit.ts";

/** How often a consumer comes before the run is left alone. */
const ROUNDS = 3;
const YEAR_MS = 366 * 24 * 3_600_000;

/** The recorded runs have names; ids of the runs that they start are made from an id. */
const RUN_ID = "0190b7a2-0000-7000-8000-000000000001";

/** What a lease's consumer does: it works, or it dies with what it holds. */
type Consumer = "works" | "dies";

/**
 * What becomes of a run that is loaded after the event `upTo`, as a text: all that its object tells others, hands out and writes, until a year has passed.
 * `as` is the recording as it is read, of which `recorded` is the original: by that one the rest of the world behaves.
 */
export async function whatFollows(
  as: Pick<Golden, "header" | "batches">,
  { recorded, upTo, consumer }: { recorded: Golden; upTo: number; consumer: Consumer },
): Promise<string> {
  const object = new LoneObject(as, recorded, upTo);
  await object.live(consumer);
  return JSON.stringify(object.told);
}

/** One run's object in a world that answers as the recording has it. */
class LoneObject {
  readonly told: unknown[] = [];
  readonly #as: Pick<Golden, "header" | "batches">;
  readonly #recorded: Golden;
  readonly #upTo: number;
  readonly #pending: Promise<unknown>[] = [];
  #now: number;
  #alarmAt = Number.POSITIVE_INFINITY;

  constructor(as: Pick<Golden, "header" | "batches">, recorded: Golden, upTo: number) {
    const { header } = as;
    const named = Object.hasOwn(header, "execution_id") ? { ...header, execution_id: RUN_ID } : header;
    this.#as = { ...as, header: named };
    this.#recorded = recorded;
    this.#upTo = upTo;
    this.#now = recorded.batches.findLast(({ first_seq }) => first_seq <= upTo)?.at ?? recorded.header.created_at;
  }

  async live(consumer: Consumer): Promise<void> {
    const store = storeOf(this.#as, this.#upTo);
    const run = Run.load(store, this.#now, (plan) => leaseMsOf({}, plan));
    if (run === null) {
      throw new Error("there is no run in the store");
    }
    const effects = this.#effects(run);
    const open = new OpenRun(run, store, {
      effects,
      live: new LiveView({ acceptWebSocket: () => undefined, getWebSockets: () => [] }),
      waiters: new Waiters(),
      leaseMs: leaseMsOf({}, run.header.plan),
      ioSlots: 1,
      onBroken: () => this.told.push("broken"),
      onRest: () => undefined,
    });
    this.told.push(seenOf(run, store));
    this.told.push(["as begun", open.isAsBegun(this.#begunAgain())]);
    open.letGo();
    if (this.#upTo === 0 && this.#recorded.header.held_inputs === undefined) {
      open.apply({ type: "start", inputs: this.#inputs() }, null);
    }
    await this.#rings(open);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const pool of ["io", "cpu"] as const) {
        await this.#comes(open, consumer, { consumer: `c${round}`, pool, max: ALL });
      }
      this.#now = Math.max(this.#now, Math.min(this.#alarmAt, this.#now + YEAR_MS));
      await this.#rings(open);
    }
    this.told.push(savedOf(run.state), ["idle", open.idle, "rests", open.rests]);
    // It gives its place back, and asks for it again.
    for (const type of ["pause", "unpause"] as const) {
      open.apply({ type }, null);
      await this.#settled();
    }
    this.#now += YEAR_MS;
    await this.#rings(open);
    for (const ne of run.state.executions.keys()) {
      const pin = this.#nodeOf(ne, run)?.refined?.pin ?? "other";
      const fork = rerunOf(
        { header: run.header, state: run.state, history: open.history },
        { node_execution_id: ne, inputs: { [pin]: 1 } },
      );
      this.told.push(fork.ok ? fork.value.plan.nodes.map(({ effects: after }) => after) : fork);
    }
    this.told.push(seenOf(run, store));
  }

  async #comes(open: OpenRun, consumer: Consumer, request: LeaseRequest): Promise<void> {
    const answer = open.lease(request);
    this.told.push(answer);
    await this.#settled();
    if (consumer === "dies" || answer.leases.length === 0) {
      return;
    }
    this.#now += 10;
    const reports = answer.leases.map((lease) => toReport(this.#reportOf(lease, open.run)));
    this.told.push(open.answer(open.apply({ type: "report", reports, pool: null, max: 0 }, request), request));
    await this.#settled();
  }

  /** First attempts of what is tried again or has somewhere to go with its failure fail. */
  #reportOf({ node_execution_id, attempt }: Lease, run: Run): AttemptReport {
    const node = this.#nodeOf(node_execution_id, run);
    const base = { node_execution_id, attempt, first_output: 0 };
    if (attempt === 1 && (node?.retry !== undefined || node?.error_linked === true)) {
      const error = { code: "egress_timeout", message: "It broke." };
      return { ...base, outputs: [], end: { status: "failed", duration_ms: 5, error, retryable: false } };
    }
    const pins = new Set(node?.links.map(({ source_name }) => basePinName(source_name)) ?? ["out"]);
    const outputs = [...pins].flatMap((pin) => [1, 2, 3].map((k): [string, JsonObject] => [pin, { k, title: "t" }]));
    return { ...base, outputs, end: { status: "completed", duration_ms: 5 } };
  }

  /** The node as it was recorded. */
  #nodeOf(ne: string, run: Run): Golden["header"]["plan"]["nodes"][number] | undefined {
    const index = run.state.executions.get(ne)?.node;
    return index === undefined ? undefined : this.#recorded.header.plan.nodes[index];
  }

  #begunAgain(): Parameters<OpenRun["isAsBegun"]>[0] {
    const { header, batches } = this.#recorded;
    const { execution_id, workspace_id, created_at, begun_by: consumer = "nobody" } = header;
    const known = batches.filter(({ first_seq }) => first_seq <= this.#upTo);
    return {
      ...{ execution_id, workspace_id, created_at, consumer, header: "", done: false },
      batches: known.map(({ first_seq, at, events }) => ({
        first_seq,
        last_seq: first_seq + events.length - 1,
        at,
        events: "",
      })),
    };
  }

  #inputs(): JsonObject {
    const [first] = this.#recorded.batches[0]?.events ?? [];
    return first?.type === "execution_started" ? first.inputs : {};
  }

  async #rings(open: OpenRun): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    await open.alarm();
    await this.#settled();
  }

  async #settled(): Promise<void> {
    while (this.#pending.length > 0) {
      const done = await Promise.allSettled(this.#pending.splice(0));
      for (const each of done) {
        if (each.status === "rejected") {
          throw each.reason;
        }
      }
    }
  }

  #effects({ header }: Run): Effects {
    const host = {
      waitUntil: () => undefined,
      busy: () => () => undefined,
      storage: { setAlarm: async () => undefined },
    };
    return {
      ...createEffects(host, () => this.#env(), header),
      now: () => this.#now,
      setAlarm: (at) => {
        this.told.push(["alarm", at]);
        this.#alarmAt = Math.min(this.#alarmAt, at);
      },
      later: (ms) => {
        this.told.push(["later", ms]);
        return () => undefined;
      },
      background: (_what, work) => {
        this.#pending.push(work);
      },
    };
  }

  /** All that an object can reach: what it says there is told, and answered in its simplest way. */
  #env(): ExecutionEnv {
    const says = <T>(what: string, answer: (...said: never[]) => T): ((...said: never[]) => Promise<T>) => {
      return async (...said) => {
        this.told.push([what, ...said]);
        return answer(...said);
      };
    };
    const queue = (name: string): object => ({
      send: says(name, () => undefined),
      sendBatch: says(name, () => undefined),
    });
    const stubs = (stub: (name: string) => object): object => ({ idFromName: (name: string) => name, get: stub });
    const ok = { ok: true, value: null };
    return {
      WORK_QUEUE_IO: queue("io"),
      WORK_QUEUE_CPU: queue("cpu"),
      WORK_QUEUE_MEMORY: queue("memory"),
      PROJECTION_QUEUE: queue("list"),
      WORK_RUNNER: {
        listedSeq: says("listed?", () => 0),
        startChild: says("start child", () => ok),
        carryValues: says("carry", ({ outputs }: { outputs: unknown[] }) => outputs),
      },
      EXECUTIONS: stubs((id) => ({
        takeChildNews: says(`news to ${id}`, (_: string, { firstOutput, outputs }: ChildNews) => ({
          outputs: firstOutput + outputs.length,
        })),
        newsFor: says(`news of ${id}?`, () => ({ ok: false, code: "not_found", message: "" })),
        cancel: says(`cancel ${id}`, () => ok),
        pause: says(`pause ${id}`, () => ok),
        unpause: says(`unpause ${id}`, () => ok),
      })),
      WORKSPACES: stubs((id) => ({
        release: says(`release at ${id}`, () => undefined),
        reacquire: async (ticket: AdmissionTicket) => this.#standing(id, ticket),
      })),
    } as unknown as ExecutionEnv;
  }

  /** What a workspace makes of a ticket whose place another run of the same kind has. */
  #standing(workspaceId: string, ticket: AdmissionTicket): unknown {
    const admission = admissionWith();
    const known = this.#recorded.header.admission?.ticket;
    if (known !== undefined) {
      admission.begin({ ...known, execution_id: "another" }, this.#now);
    }
    const standing = admission.reacquire(ticket, this.#now);
    const queued = admission.queuedBefore(this.#recorded.header.plan.graph_id);
    admission.release(["another"], "ended", this.#now);
    admission.tick(this.#now + YEAR_MS);
    this.told.push([workspaceId, standing, queued, admission.takeChanges().commands]);
    return standing;
  }
}
