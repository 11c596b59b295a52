import { describe, expect, it } from "vitest";
import { readBody } from "./read-body.ts";

function chunked(chunks: number, size: number, onRead: () => void = () => {}): Request {
  let left = chunks;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      onRead();
      if (left-- > 0) {
        controller.enqueue(new Uint8Array(size).fill(65));
      } else {
        controller.close();
      }
    },
  });
  return new Request("https://weft.example/", { method: "POST", body, duplex: "half" } as RequestInit);
}

describe("readBody", () => {
  it("puts the chunks together", async () => {
    const bytes = await readBody(chunked(3, 5), 15);
    expect(new TextDecoder().decode(bytes)).toBe("A".repeat(15));
  });

  it("is empty without a body", async () => {
    expect(await readBody(new Request("https://weft.example/"), 10)).toHaveLength(0);
  });

  it("refuses one byte too many, by what arrives and not by what the length claims", async () => {
    const refusal = { status: 413, code: "body_too_large", details: { max_bytes: 14 } };
    await expect(readBody(chunked(3, 5), 14)).rejects.toMatchObject(refusal);
    const lying = new Request(chunked(3, 5), { headers: { "content-length": "3" } });
    await expect(readBody(lying, 14)).rejects.toMatchObject(refusal);
  });

  it("stops reading a body that never ends", async () => {
    let reads = 0;
    const size = 1024 * 1024;
    await expect(
      readBody(
        chunked(Number.POSITIVE_INFINITY, size, () => reads++),
        size,
      ),
    ).rejects.toMatchObject({ status: 413 });
    expect(reads).toBeLessThan(140);
  });
});
