export async function gzip(text: string): Promise<Uint8Array> {
  return bytesOf(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")));
}

/** @throws when the bytes are not one whole gzip member: its checksum is looked at. */
export async function gunzip(bytes: Uint8Array): Promise<string> {
  return new TextDecoder().decode(
    await bytesOf(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))),
  );
}

async function bytesOf(stream: ReadableStream): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
