/** The lines of a refusal's details, for people: `[{path, message}]`, `{name: message}` or `["…"]`, whichever the use case gives. */
export function refusalLines(details: unknown, most: number): string[] {
  if (Array.isArray(details)) {
    return details.slice(0, most).map(lineOf);
  }
  if (typeof details === "object" && details !== null) {
    return Object.entries(details)
      .slice(0, most)
      .flatMap(([name, value]: [string, unknown]) =>
        typeof value === "string" ? [`${name}: ${value}`] : refusalLines(value, most),
      );
  }
  return [];
}

function lineOf(detail: unknown): string {
  if (typeof detail === "object" && detail !== null && "message" in detail) {
    const path = "path" in detail && typeof detail.path === "string" ? detail.path : "";
    return path === "" ? String(detail.message) : `${path}: ${String(detail.message)}`;
  }
  return typeof detail === "string" ? detail : JSON.stringify(detail);
}
