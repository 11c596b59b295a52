/** The text of an answer, by the charset of its content type (utf-8 when it names none, or one that nobody knows). */
export async function readText(response: Response): Promise<string> {
  const bytes = await response.arrayBuffer();
  const label = charsetOf(response.headers.get("content-type")) ?? declaredInXml(bytes) ?? "utf-8";
  return decoderFor(label).decode(bytes);
}

function charsetOf(contentType: string | null): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? "")?.[1];
}

/** `<?xml … encoding="…"?>`; only feeds and the like begin so. */
function declaredInXml(bytes: ArrayBuffer): string | undefined {
  const head = new TextDecoder("latin1").decode(bytes.slice(0, 200));
  return /^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']/.exec(head)?.[1];
}

function decoderFor(label: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder();
  }
}
