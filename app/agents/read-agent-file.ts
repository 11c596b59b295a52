export const MAX_FILE_MEGABYTES = 20;

export type ReadFile =
  | { ok: true; name: string; content: unknown }
  | { ok: false; name: string; reason: "too_large" | "not_read" }
  | { ok: false; name: string; reason: "not_json"; detail: string };

/** Reads a chosen or dropped file as JSON, so that a wrong file is told apart before anything is sent. */
export async function readAgentFile(file: File): Promise<ReadFile> {
  const { name } = file;
  if (file.size > MAX_FILE_MEGABYTES * 1_000_000) {
    return { ok: false, name, reason: "too_large" };
  }
  let text: string;
  try {
    text = await file.text();
  } catch {
    return { ok: false, name, reason: "not_read" };
  }
  try {
    const content: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    return { ok: true, name, content };
  } catch (error) {
    return { ok: false, name, reason: "not_json", detail: error instanceof Error ? error.message : String(error) };
  }
}
