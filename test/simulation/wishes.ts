import type { Outcome } from "#durable-objects/execution/protocol.ts";
import type { LogModel } from "./log-model.ts";
import type { Answer, Call } from "./object-call.ts";
import { must } from "./violation.ts";

/** What a run was asked to do from outside, and whether it has done what it says that it has. */
export class Wishes {
  /** Why it was asked to stop. */
  readonly #cancels = new Set<string>();

  called({ method, args }: Call): void {
    if (method === "cancel") {
      this.#cancels.add(String(args[1]));
    }
  }

  /** Somebody has asked the run to stop, with these words. */
  wantsEnd(reason: string): boolean {
    return this.#cancels.has(reason);
  }

  /** Rules EN5 and PA1: who is told that it is done may rely on it. */
  answered({ method }: Call, answer: Answer, log: LogModel): void {
    if (!answer.ok || !(answer.value as Outcome<unknown>).ok) {
      return;
    }
    const isDone = log.ended !== null || (method === "pause" && log.paused) || (method === "unpause" && !log.paused);
    must(isDone, "told-is-kept", () => `${method} was answered, and the run goes on${log.paused ? ", paused" : ""}`);
  }
}
