/** Cloudflare's bound is 3 MB on the free plan and 10 MB on the paid one, both of the compressed Worker. */
export const MAX_COMPRESSED_KIB = 3 * 1024;

/** What `wrangler deploy` says of the upload, in KiB. Null when it said nothing of it. */
export function uploadSize(output: string): { total: number; compressed: number } | null {
  const found = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(output);
  if (found === null) return null;
  return { total: Number(found[1]), compressed: Number(found[2]) };
}
