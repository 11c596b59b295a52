import { BlockError } from "#blocks/define-block.ts";

/** A moment as the clocks of a place show it. */
export interface ZonedTime {
  /** ms since the epoch. */
  epochMs: number;
  /** What the clocks show, as if it were UTC: read it with the `getUTC…` methods. */
  wall: Date;
  /** Minutes that the clocks are ahead of UTC. */
  offsetMinutes: number;
  /** Short name of the zone at that moment, like `UTC`, `EST` or `GMT+2`. */
  zoneName: string;
}

/** Throws BlockError `unknown_time_zone` when `timeZone` is no IANA name. */
export function zonedTime(epochMs: number, timeZone: string): ZonedTime {
  const parts = new Map(
    formatterFor(timeZone)
      .formatToParts(epochMs)
      .map((part) => [part.type, part.value]),
  );
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const wholeSeconds = Date.UTC(
    number("year"),
    number("month") - 1,
    number("day"),
    number("hour"),
    number("minute"),
    number("second"),
  );
  const wallMs = wholeSeconds + (((epochMs % 1000) + 1000) % 1000);
  return {
    epochMs,
    wall: new Date(wallMs),
    offsetMinutes: Math.round((wallMs - epochMs) / 60_000),
    zoneName: parts.get("timeZoneName") ?? timeZone,
  };
}

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZoneName: "short",
    });
  } catch {
    throw new BlockError(
      "unknown_time_zone",
      `There is no time zone ${JSON.stringify(timeZone)}. Use a name like UTC, Europe/Berlin or Asia/Shanghai.`,
    );
  }
}

/** `+02:00`, or `+0200` with an empty separator. */
export function offsetText(offsetMinutes: number, separator: ":" | ""): string {
  const minutes = Math.abs(offsetMinutes);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${separator}${two(minutes % 60)}`;
}
