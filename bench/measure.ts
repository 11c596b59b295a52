import { setTimeout as sleep } from "node:timers/promises";
import type { BenchServer } from "./bench-server.ts";
import { treeUsage, watchMemory } from "./process-tree.ts";
import type { RunAnswer, RunClient, RunTarget } from "./run-client.ts";
import { rounded, summarise } from "./statistics.ts";
import type { Summary } from "./statistics.ts";

export interface Settings {
  rounds: number;
  /** Sequential runs of each workload over all rounds, fewer where they would take longer than `sequentialMs`. */
  sequentialRuns: number;
  sequentialMs: number;
  clients: number;
  /** Closed loop of each workload over all rounds, ms. */
  loadMs: number;
  warmUpRuns: number;
}

export interface WorkloadResult {
  id: string;
  nodeExecutions: number;
  sequential: Summary & { cpuMsPerRun: number | null };
  load: Summary & {
    runsPerSecond: number | null;
    cpuMsPerRun: number | null;
    cpuCores: number | null;
    peakRssMiB: number;
  };
  /** How often what went wrong. */
  errors: Record<string, number>;
}

const SETTLE_MS = 300;
const WARM_UP_MS = 6_000;

/** One workload's figures while they are gathered, round by round. */
export class Measurement {
  readonly id: string;
  readonly #target: RunTarget;
  readonly #server: BenchServer;
  readonly #client: RunClient;
  readonly #settings: Settings;
  readonly #errors = new Map<string, number>();
  readonly #sequential = { ms: [] as number[], cpuMs: 0 };
  readonly #load = { ms: [] as number[], cpuMs: 0, wallMs: 0, peakRssMiB: 0 };
  #nodeExecutions = 0;
  #runsPerRound = 0;

  constructor(id: string, parts: { target: RunTarget; server: BenchServer; client: RunClient; settings: Settings }) {
    this.id = id;
    this.#target = parts.target;
    this.#server = parts.server;
    this.#client = parts.client;
    this.#settings = parts.settings;
  }

  /** Runs a few times; false when no answer is right. */
  async warmUp(): Promise<boolean> {
    const began = performance.now();
    const ms: number[] = [];
    for (
      let run = 0;
      run < this.#settings.warmUpRuns && (run < 2 || performance.now() - began < WARM_UP_MS);
      run += 1
    ) {
      const answer = await this.#run();
      if (answer.ok) {
        ms.push(answer.ms);
        this.#nodeExecutions = answer.nodeExecutions;
      }
    }
    const typical = summarise(ms).p50 ?? 1;
    const { sequentialRuns, sequentialMs, rounds } = this.#settings;
    this.#runsPerRound = Math.max(2, Math.ceil(Math.min(sequentialRuns, sequentialMs / typical) / rounds));
    return ms.length > 0;
  }

  /** One run after the other. */
  async sequentialRound(): Promise<void> {
    await this.#settle();
    const before = this.#cpuMs();
    for (let run = 0; run < this.#runsPerRound; run += 1) {
      const answer = await this.#run();
      if (answer.ok) {
        this.#sequential.ms.push(answer.ms);
      }
    }
    this.#sequential.cpuMs += this.#cpuMs() - before;
  }

  /** Every client starts its next run when the last one is answered; the time includes the last answers. */
  async loadRound(): Promise<void> {
    await this.#settle();
    const { clients, loadMs, rounds } = this.#settings;
    const memory = watchMemory(this.#server.server.pid);
    const before = this.#cpuMs();
    const began = performance.now();
    const until = began + loadMs / rounds;
    await Promise.all(
      Array.from({ length: clients }, async () => {
        while (performance.now() < until) {
          const answer = await this.#run();
          if (answer.ok) {
            this.#load.ms.push(answer.ms);
          }
        }
      }),
    );
    this.#load.wallMs += performance.now() - began;
    this.#load.cpuMs += this.#cpuMs() - before;
    this.#load.peakRssMiB = Math.max(this.#load.peakRssMiB, memory.stop());
  }

  result(): WorkloadResult {
    const { ms, cpuMs, wallMs, peakRssMiB } = this.#load;
    const perRun = (total: number, runs: number): number | null => (runs === 0 ? null : rounded(total / runs));
    return {
      id: this.id,
      nodeExecutions: this.#nodeExecutions,
      sequential: {
        ...summarise(this.#sequential.ms),
        cpuMsPerRun: perRun(this.#sequential.cpuMs, this.#sequential.ms.length),
      },
      load: {
        ...summarise(ms),
        runsPerSecond: wallMs === 0 ? null : rounded((ms.length * 1_000) / wallMs),
        cpuMsPerRun: perRun(cpuMs, ms.length),
        cpuCores: wallMs === 0 ? null : rounded(cpuMs / wallMs),
        peakRssMiB: rounded(peakRssMiB, 0),
      },
      errors: Object.fromEntries(this.#errors),
    };
  }

  async #run(): Promise<RunAnswer> {
    const answer = await this.#client.run(this.#target);
    if (!answer.ok) {
      this.#errors.set(answer.why, (this.#errors.get(answer.why) ?? 0) + 1);
      // A server that refuses at once must not make this a busy loop.
      await sleep(5);
    }
    return answer;
  }

  async #settle(): Promise<void> {
    this.#client.reset();
    await sleep(SETTLE_MS);
    // Opens the connection again; not measured.
    await this.#run();
  }

  #cpuMs(): number {
    return treeUsage(this.#server.server.pid).cpuMs;
  }
}
