import * as z from "zod";
import { strftime } from "./strftime.ts";
import { offsetText, zonedTime } from "./zoned-time.ts";

const zoneFields = {
  timezone: z
    .string()
    .default("UTC")
    .meta({ title: "Time zone", description: "IANA name, like UTC or Europe/Berlin." }),
  use_user_timezone: z.boolean().default(false).meta({
    title: "Use the user's time zone",
    description: "Runs have no user's time zone yet: timezone is used either way.",
  }),
};

export interface TimeFormat {
  discriminator: "strftime" | "iso8601";
  format?: string;
  timezone: string;
  include_microseconds?: boolean;
}

/** The `format_type` pin: Python's strftime with the given default, or ISO 8601 (autogpt.md §6.1). */
export function formatTypePin(defaultFormat: string) {
  const custom = z.object({
    discriminator: z.literal("strftime"),
    format: z.string().default(defaultFormat).meta({ description: "Format in the manner of Python's strftime." }),
    ...zoneFields,
  });
  const iso = z.object({
    discriminator: z.literal("iso8601"),
    ...zoneFields,
    include_microseconds: z
      .boolean()
      .default(false)
      .meta({ description: "Write the fraction of the second, six digits." }),
  });
  return z
    .discriminatedUnion("discriminator", [custom, iso])
    .default({ discriminator: "strftime", format: defaultFormat, timezone: "UTC", use_user_timezone: false })
    .meta({ description: "How to write it: a format of your own, or ISO 8601." });
}

const DAY_MS = 86_400_000;

/**
 * `part` says what ISO 8601 writes: `2026-09-06`, `14:30:00+02:00` or `2026-09-06T14:30:00+02:00`. `daysBack` counts calendar days
 * of the time zone, whatever their length.
 */
export function formatTime(
  epochMs: number,
  format: TimeFormat,
  options: { part: "date" | "time" | "date_time"; daysBack?: number },
): string {
  const now = zonedTime(epochMs, format.timezone);
  const time = { ...now, wall: new Date(now.wall.getTime() - (options.daysBack ?? 0) * DAY_MS) };
  if (format.discriminator === "strftime") {
    return strftime(format.format ?? "", time);
  }
  const date = strftime("%Y-%m-%d", time);
  if (options.part === "date") {
    return date;
  }
  const clock =
    strftime(format.include_microseconds === true ? "%H:%M:%S.%f" : "%H:%M:%S", time) +
    offsetText(time.offsetMinutes, ":");
  return options.part === "time" ? clock : `${date}T${clock}`;
}
