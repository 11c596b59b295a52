import type { GraphKey } from "./graph-table.ts";
import type { GraphVersionRow } from "./graph-version-table.ts";

/** A D1 row holds 2 MB; beyond this the file goes to R2. Counted in UTF-8 bytes. */
export const MAX_ROW_CONTENT_BYTES = 1_500_000;

export interface StoredContent {
  content: string | null;
  contentKey: string | null;
}

/**
 * Puts the text of a graph version where it fits: into the row, or into R2 under a key with its own hash, so that two
 * people saving the same version number at once never write over each other.
 */
export async function storeGraphContent(files: R2Bucket, key: GraphKey, text: string): Promise<StoredContent> {
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength <= MAX_ROW_CONTENT_BYTES) {
    return { content: text, contentKey: null };
  }
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
  const contentKey = `${prefixOf(key)}${digest}.json`;
  await files.put(contentKey, bytes, { httpMetadata: { contentType: "application/json" } });
  return { content: null, contentKey };
}

/** @throws when the object that the row names is not in R2. */
export async function loadGraphContent(files: R2Bucket, row: GraphVersionRow): Promise<string> {
  if (row.content !== null) {
    return row.content;
  }
  const object = row.contentKey === null ? null : await files.get(row.contentKey);
  if (object === null) {
    throw new Error(`The content of version ${row.version} of graph ${row.graphId} is missing in R2.`);
  }
  return object.text();
}

/** Deletes whatever R2 holds of a graph, also what a save that lost the race left behind. */
export async function deleteGraphContent(files: R2Bucket, key: GraphKey): Promise<void> {
  let page: R2Objects;
  do {
    page = await files.list({ prefix: prefixOf(key) });
    if (page.objects.length > 0) {
      await files.delete(page.objects.map((object) => object.key));
    }
  } while (page.truncated);
}

function prefixOf(key: GraphKey): string {
  return `workspaces/${key.workspaceId}/graphs/${key.graphId}/`;
}
