import { Places } from "#worker/places.ts";
import { ServiceError } from "./service-error.ts";

export interface StartLineOptions {
  /** Starts that are worked on side by side. */
  places: number;
  /** A start that is not answered after this long, because its run waits or is asked for to its end, makes room for the next, ms. */
  heldMs: number;
  /** Starts of one workspace that may wait for a place. */
  waiting: number;
  /** Keeps the request at work, also when its caller has gone. */
  waitUntil: (work: Promise<unknown>) => void;
}

const RETRY_AFTER_S = 5;

/** A start whose request died with its timer has left after this long. */
const MOST_MS = 2_000;

/**
 * Lets the starts of runs through one after the other, some side by side. One thread that works on thousands of them at once finishes all of them at the end, with
 * every run's object open; in a line the first are over before the last are begun. Workspaces whose starts wait take turns, so a thousand starts of one do not
 * stand before those of another.
 */
export class StartLine {
  readonly #options: StartLineOptions;
  readonly #places: Places;

  constructor(options: StartLineOptions) {
    this.#options = options;
    this.#places = new Places({ most: options.places, mostMs: MOST_MS });
  }

  /**
   * What `work` answers, once its turn has come.
   * @throws ServiceError 503 `overloaded` when too many of the workspace wait already, before anything is done
   */
  async through<T>(workspaceId: string, work: () => Promise<T>): Promise<T> {
    if (this.#places.waiting(workspaceId) >= this.#options.waiting) {
      throw new ServiceError(
        503,
        "overloaded",
        `More runs are being started than can be begun at the moment. Nothing was started; try again in ${RETRY_AFTER_S} s.`,
        { retryAfter: RETRY_AFTER_S },
      );
    }
    const answer = this.#inTurn(workspaceId, work);
    this.#options.waitUntil(answer.catch(() => undefined));
    return answer;
  }

  async #inTurn<T>(workspaceId: string, work: () => Promise<T>): Promise<T> {
    const leave = await this.#places.enter(workspaceId);
    const timer = setTimeout(leave, this.#options.heldMs);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      leave();
    }
  }
}
