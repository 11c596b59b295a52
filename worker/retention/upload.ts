/** R2 takes parts of at least 5 MiB, all but the last of the same size. */
const PART_BYTES = 8 * 1024 * 1024;

/** Writes one object of unknown size: at once when it is small, else in parts. Nothing is there under the key until `finish`. */
export class Upload {
  readonly #files: R2Bucket;
  readonly #key: string;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #size = 0;
  #parts: { upload: R2MultipartUpload; done: R2UploadedPart[] } | null = null;

  constructor(files: R2Bucket, key: string) {
    this.#files = files;
    this.#key = key;
  }

  /** Bytes given so far. */
  get size(): number {
    return this.#size;
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#size += bytes.length;
    while (this.#pendingBytes > PART_BYTES) {
      await this.#send(this.#take(PART_BYTES));
    }
  }

  async finish(): Promise<void> {
    const rest = this.#take(this.#pendingBytes);
    if (this.#parts === null) {
      await this.#files.put(this.#key, rest, { httpMetadata: { contentType: "application/gzip" } });
      return;
    }
    await this.#send(rest);
    await this.#parts.upload.complete(this.#parts.done);
  }

  /** Leaves nothing behind. An upload that nobody gives up is forgotten by R2 after a week. */
  async giveUp(): Promise<void> {
    await this.#parts?.upload.abort();
  }

  async #send(bytes: Uint8Array): Promise<void> {
    this.#parts ??= {
      upload: await this.#files.createMultipartUpload(this.#key, { httpMetadata: { contentType: "application/gzip" } }),
      done: [],
    };
    const { upload, done } = this.#parts;
    done.push(await upload.uploadPart(done.length + 1, bytes));
  }

  #take(count: number): Uint8Array {
    const all = new Uint8Array(this.#pendingBytes);
    let at = 0;
    for (const bytes of this.#pending) {
      all.set(bytes, at);
      at += bytes.length;
    }
    this.#pending = count < all.length ? [all.slice(count)] : [];
    this.#pendingBytes = all.length - count;
    return count < all.length ? all.slice(0, count) : all;
  }
}
