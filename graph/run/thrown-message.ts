/** Longest message of a failure that is kept, characters. */
export const MAX_ERROR_MESSAGE = 10_000;

/**
 * What to tell people of whatever was thrown: the message of an error, a text as it is, anything else as JSON. Never throws, whatever getters and
 * `toString` of the value do, and never gives more than `MAX_ERROR_MESSAGE` characters.
 */
export function thrownMessage(thrown: unknown): string {
  let message: unknown;
  try {
    message = thrown instanceof Error ? thrown.message : typeof thrown === "string" ? thrown : inWords(thrown);
  } catch {
    message = undefined;
  }
  const text = typeof message === "string" ? message : "Something was thrown that cannot be shown.";
  return text.length > MAX_ERROR_MESSAGE ? `${text.slice(0, MAX_ERROR_MESSAGE - 1)}…` : text;
}

function inWords(thrown: unknown): string {
  return typeof thrown === "object" ? (JSON.stringify(thrown) ?? "") : String(thrown);
}
