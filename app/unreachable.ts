import type { Refusal } from "./services.server.ts";

/** Code of the answer that an action has when the server could not be reached. */
export const UNREACHABLE = "unreachable";

/** A lost connection is an answer too: the page must not break down over it, with what a person wrote on it. */
export async function orUnreachable<Answer>(
  serverAction: () => Promise<Answer>,
): Promise<Answer | { ok: false; refusal: Refusal }> {
  try {
    return await serverAction();
  } catch (error) {
    if (error instanceof TypeError) {
      return { ok: false, refusal: { code: UNREACHABLE, message: error.message, status: 0 } };
    }
    throw error;
  }
}
