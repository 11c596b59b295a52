import type { Credits } from "#durable-objects/workspace/protocol.ts";

/** Starts that may go ahead while the first grant is on its way. */
const AHEAD = 32;
/** A grant of which less than this share is left is renewed. */
const RENEW_BELOW = 1 / 4;
const CAPACITY = 2_000;

interface Leave {
  left: number;
  granted: number;
  expiresAt: number;
  /** Starts since the last grant that nobody had granted. */
  ahead: number;
  asking: boolean;
}

/** `start`: go ahead; `renew`: go ahead, and fetch a new grant meanwhile; `ask`: the workspace must decide. */
export type CreditVerdict = "start" | "renew" | "ask";

/**
 * Leave of workspaces to start runs without asking, as this isolate holds it (docs/decisions/0009-admission.md). A workspace that this isolate knows nothing of gets
 * the benefit of the doubt for a few starts; one that last granted nothing does not.
 */
export class StartCredits {
  readonly #leaves = new Map<string, Leave>();

  take(workspaceId: string, now: number): CreditVerdict {
    const leave = this.#leaves.get(workspaceId) ?? this.#unknown(workspaceId);
    if (leave.expiresAt > now) {
      if (leave.left === 0) {
        return "ask";
      }
      leave.left -= 1;
      return leave.left < leave.granted * RENEW_BELOW ? this.#renew(leave) : "start";
    }
    if (leave.granted === 0 || leave.ahead >= AHEAD) {
      return "ask";
    }
    leave.ahead += 1;
    return this.#renew(leave);
  }

  /** A grant has arrived, or could not be had. */
  put(workspaceId: string, credits: Pick<Credits, "count" | "expires_at"> | undefined): void {
    const leave = this.#leaves.get(workspaceId) ?? this.#unknown(workspaceId);
    leave.asking = false;
    if (credits === undefined) {
      return;
    }
    const { count, expires_at } = credits;
    Object.assign(leave, { left: count, granted: count, expiresAt: expires_at, ahead: 0 });
  }

  #renew(leave: Leave): CreditVerdict {
    if (leave.asking) {
      return "start";
    }
    leave.asking = true;
    return "renew";
  }

  #unknown(workspaceId: string): Leave {
    const leave = { left: 0, granted: 1, expiresAt: 0, ahead: 0, asking: false };
    if (this.#leaves.size >= CAPACITY) {
      const [oldest] = this.#leaves.keys();
      this.#leaves.delete(oldest ?? "");
    }
    this.#leaves.set(workspaceId, leave);
    return leave;
  }
}
