import type { WholeAnswer } from "#blocks/define-block.ts";

const LESS_THAN = 0x3c;
const UTF8_BOM = 0xef;

/** Serves all: decoding whole texts leaves nothing behind in it. */
const utf8 = new TextDecoder();

/** The text of an answer, by the charset of its content type (utf-8 when it names none, or one that nobody knows). */
export function readText({ headers, body }: WholeAnswer): string {
  const bytes = body ?? new ArrayBuffer(0);
  const label = charsetOf(headers.get("content-type")) ?? declaredInXml(bytes) ?? "utf-8";
  return decoderFor(label).decode(bytes);
}

function charsetOf(contentType: string | null): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? "")?.[1];
}

/** `<?xml … encoding="…"?>`; only feeds and the like begin so. */
function declaredInXml(bytes: ArrayBuffer): string | undefined {
  const head = new Uint8Array(bytes, 0, Math.min(bytes.byteLength, 200));
  const first = head.find((byte) => byte > 0x20);
  if (first !== LESS_THAN && first !== UTF8_BOM) {
    return undefined;
  }
  return /^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']/.exec(new TextDecoder("latin1").decode(head))?.[1];
}

function decoderFor(label: string): InstanceType<typeof TextDecoder> {
  if (/^utf-?8$/i.test(label)) {
    return utf8;
  }
  try {
    return new TextDecoder(label);
  } catch {
    return utf8;
  }
}
