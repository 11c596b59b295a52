import { errorMessage } from "#durable-objects/logger.ts";
import { WeightedCache } from "#worker/cache/weighted-cache.ts";

/** The part of an R2 bucket that values need. */
export type ValueBucket = Pick<R2Bucket, "get" | "head" | "put" | "delete" | "list">;

/** Whose value it is: every run has its own (docs/decisions/0012-large-values.md). */
export interface ValueOwner {
  workspaceId: string;
  executionId: string;
}

/** Texts kept in an isolate, bytes. */
const CACHE_BYTES = 24 * 1024 * 1024;

/** Keys that an isolate knows to be written. */
const KNOWN_KEYS = 10_000;

/** Waits before R2 is asked again, ms. */
const PAUSES_MS = [100, 300, 900];

const SIDE_BY_SIDE = 4;

/** R2 does not answer: nothing is known to be lost, and later it may go well. */
export class StorageUnavailable extends Error {
  override readonly name = "StorageUnavailable";
  readonly code = "storage_unavailable";
}

/** What R2 has under the value's key is not the value, or nothing is there. */
export class ValueMissing extends Error {
  override readonly name = "ValueMissing";
  readonly code = "value_missing";
}

const cached = new WeightedCache<Uint8Array>(CACHE_BYTES);
const known = new WeightedCache<true>(KNOWN_KEYS);

/** Texts of large values by the hash of their content, under a prefix for each run. Written once and never changed. */
export class ValueStore {
  readonly #bucket: ValueBucket;
  readonly #pausesMs: readonly number[];

  constructor(bucket: ValueBucket, pausesMs: readonly number[] = PAUSES_MS) {
    this.#bucket = bucket;
    this.#pausesMs = pausesMs;
  }

  /** Stores a text and answers its hash. @throws StorageUnavailable */
  async put(owner: ValueOwner, bytes: Uint8Array): Promise<string> {
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    const sha256 = Buffer.from(digest).toString("hex");
    const key = valueKey(owner, sha256);
    if (known.get(key) === undefined) {
      await this.#patiently("write", async () => {
        if ((await this.#bucket.head(key)) === null) {
          await this.#bucket.put(key, bytes, { sha256: digest, httpMetadata: { contentType: "application/json" } });
        }
      });
      known.set(key, true, 1);
    }
    cached.set(key, bytes, bytes.byteLength);
    return sha256;
  }

  /** The text with this hash, whole and as it was written. @throws StorageUnavailable, ValueMissing */
  async get(owner: ValueOwner, sha256: string): Promise<Uint8Array> {
    const key = valueKey(owner, sha256);
    const here = cached.get(key);
    if (here !== undefined) {
      return here;
    }
    const bytes = await this.#patiently("read", async () => {
      const object = await this.#bucket.get(key);
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    });
    if (bytes === null) {
      throw new ValueMissing(`The value ${sha256} of this run is not in the storage any more.`);
    }
    const found = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
    if (found !== sha256) {
      throw new ValueMissing(`What the storage has for the value ${sha256} is something else: its hash is ${found}.`);
    }
    cached.set(key, bytes, bytes.byteLength);
    return bytes;
  }

  /** Gives another run the same values as its own. @throws StorageUnavailable, ValueMissing */
  async copy(from: ValueOwner, to: ValueOwner, hashes: Iterable<string>): Promise<void> {
    const open = [...hashes];
    const work = async (): Promise<void> => {
      for (let sha256 = open.pop(); sha256 !== undefined; sha256 = open.pop()) {
        await this.#copyOne(valueKey(from, sha256), valueKey(to, sha256));
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  }

  async #copyOne(from: string, to: string): Promise<void> {
    if (from === to || known.get(to) !== undefined) {
      return;
    }
    await this.#patiently("copy", async () => {
      if ((await this.#bucket.head(to)) !== null) {
        return;
      }
      const object = await this.#bucket.get(from);
      if (object === null) {
        throw new ValueMissing("A value of the run that this one takes it from is not in the storage any more.");
      }
      const { httpMetadata, checksums } = object;
      const sha256 = checksums.sha256;
      await this.#bucket.put(to, object.body, {
        ...(httpMetadata === undefined ? {} : { httpMetadata }),
        ...(sha256 === undefined ? {} : { sha256 }),
      });
    });
    known.set(to, true, 1);
  }

  /** The value as a stream, or null. */
  stream(owner: ValueOwner, sha256: string): Promise<R2ObjectBody | null> {
    return this.#patiently("read", () => this.#bucket.get(valueKey(owner, sha256)));
  }

  /** Deletes all values of a run. */
  async deleteAll(owner: ValueOwner): Promise<void> {
    const prefix = valueKey(owner, "");
    let page: R2Objects;
    do {
      page = await this.#bucket.list({ prefix });
      const keys = page.objects.map(({ key }) => key);
      if (keys.length > 0) {
        await this.#bucket.delete(keys);
      }
      for (const key of keys) {
        known.delete(key);
        cached.delete(key);
      }
    } while (page.truncated);
  }

  async #patiently<T>(what: string, work: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof ValueMissing) {
          throw error;
        }
        const pauseMs = this.#pausesMs[tries];
        if (pauseMs === undefined) {
          const message = `Could not ${what} a large value: ${errorMessage(error)}`;
          throw new StorageUnavailable(message, { cause: error });
        }
        await new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }
}

export function valueKey({ workspaceId, executionId }: ValueOwner, sha256: string): string {
  return `values/${workspaceId}/${executionId}/${sha256}`;
}
