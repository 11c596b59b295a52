import { z } from "zod";
import type { KeysetPosition } from "#worker/db/keyset-page.ts";
import { ServiceError } from "./service-error.ts";

const positionSchema = z.tuple([z.int().nonnegative(), z.string().max(200)]);

/** A position in a list as an opaque string. */
export function encodeCursor(position: KeysetPosition | null): string | null {
  return position === null ? null : Buffer.from(JSON.stringify([position.time, position.id])).toString("base64url");
}

/** @throws ServiceError 400 `invalid_cursor` for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string | undefined): KeysetPosition | null {
  if (cursor === undefined) {
    return null;
  }
  try {
    const [time, id] = positionSchema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    return { time, id };
  } catch (cause) {
    throw invalidCursor(cause);
  }
}

/** A position that is a plain number, such as that of versions. */
export function decodeNumberCursor(cursor: string | undefined): number | null {
  if (cursor === undefined) {
    return null;
  }
  if (!/^\d{1,15}$/.test(cursor)) {
    throw invalidCursor(undefined);
  }
  return Number(cursor);
}

function invalidCursor(cause: unknown): ServiceError {
  return new ServiceError(400, "invalid_cursor", "The cursor is not one that this list gave out. Start without it.", {
    cause,
  });
}
