import type { ValueBucket } from "./value-store.ts";

/** A bucket in memory that can be told to fail. */
export class FakeBucket {
  readonly objects = new Map<string, Uint8Array>();
  /** Calls that fail from now on. */
  failing = 0;
  readonly calls: string[] = [];

  asBucket(): ValueBucket {
    const { objects } = this;
    const bucket = {
      head: async (key: string) => (this.#called("head", key), objects.has(key) ? {} : null),
      get: async (key: string) => {
        this.#called("get", key);
        const bytes = objects.get(key);
        return bytes === undefined
          ? null
          : { arrayBuffer: async () => bytes.slice().buffer, body: bytes, checksums: {}, httpMetadata: undefined };
      },
      put: async (key: string, bytes: Uint8Array) => (this.#called("put", key), void objects.set(key, bytes)),
      delete: async (keys: string[]) => (this.#called("delete", ""), keys.forEach((key) => objects.delete(key))),
      list: async ({ prefix }: { prefix: string }) => {
        this.#called("list", prefix);
        const keys = [...objects.keys()].filter((key) => key.startsWith(prefix));
        return { objects: keys.map((key) => ({ key })), truncated: false };
      },
    };
    return bucket as unknown as ValueBucket;
  }

  #called(what: string, key: string): void {
    this.calls.push(`${what} ${key}`);
    if (this.failing > 0) {
      this.failing -= 1;
      throw new Error("the bucket fails");
    }
  }
}
