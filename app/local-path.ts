/**
 * A path of this site, or `/` for everything else: `//host`, `/\host` and absolute URLs would lead a person away after signing in.
 */
export function localPath(value: unknown): string {
  if (typeof value !== "string" || !value.startsWith("/")) {
    return "/";
  }
  try {
    const base = "http://weft.invalid";
    const url = new URL(value, base);
    return url.origin === base ? url.pathname + url.search + url.hash : "/";
  } catch {
    return "/";
  }
}
