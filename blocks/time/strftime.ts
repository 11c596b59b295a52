import { timeFormatLocale } from "d3-time-format";
import { BlockError } from "#blocks/define-block.ts";
import { offsetText } from "./zoned-time.ts";
import type { ZonedTime } from "./zoned-time.ts";

const MAX_FORMAT_LENGTH = 1_000;

/** Python's C locale. */
const locale = timeFormatLocale({
  dateTime: "%a %b %e %H:%M:%S %Y",
  date: "%m/%d/%y",
  time: "%H:%M:%S",
  periods: ["AM", "PM"],
  days: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
  shortDays: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
  months: [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
  ],
  shortMonths: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
});

/** Directives that the library has, with Python's meaning. */
const NATIVE = "aAbBcdefgGHIjmMpSuUVwWxXyY";
const PADDABLE = "deHIjmMSyYUVW";

/**
 * Formats like Python's `strftime` in the C locale: every directive of its documentation, `%-d` and its like, and the customary
 * `%C %D %e %F %h %k %l %n %P %r %R %s %t %T %:z`. What is no directive stays as it is. `%Z` is the name that `Intl` has, which for
 * many zones is like `GMT+2`. Throws BlockError `format_too_long` (over 1,000 characters).
 */
export function strftime(format: string, time: ZonedTime): string {
  if (format.length > MAX_FORMAT_LENGTH) {
    throw new BlockError("format_too_long", `The format has more than ${MAX_FORMAT_LENGTH} characters.`);
  }
  const prepared = format.replace(/%(?::z|[-_0]?[A-Za-z%])?/g, (directive) => prepare(directive, time));
  return locale.utcFormat(prepared)(time.wall);
}

/** The directive in the library's own words. */
function prepare(directive: string, time: ZonedTime): string {
  const letter = directive.slice(-1);
  const padding = directive.slice(1, -1);
  if (directive === "%%" || (padding === "" && directive.length === 2 && NATIVE.includes(letter))) {
    return directive;
  }
  if (padding !== "" && padding !== ":" && PADDABLE.includes(letter)) {
    return directive;
  }
  return expansion(directive, time) ?? directive.replace("%", "%%");
}

function expansion(directive: string, time: ZonedTime): string | undefined {
  switch (directive) {
    case "%C":
      return String(Math.floor(time.wall.getUTCFullYear() / 100)).padStart(2, "0");
    case "%D":
      return "%m/%d/%y";
    case "%F":
      return "%Y-%m-%d";
    case "%h":
      return "%b";
    case "%k":
      return "%_H";
    case "%l":
      return "%_I";
    case "%n":
      return "\n";
    case "%P":
      return time.wall.getUTCHours() < 12 ? "am" : "pm";
    case "%r":
      return "%I:%M:%S %p";
    case "%R":
      return "%H:%M";
    case "%s":
      return String(Math.floor(time.epochMs / 1000));
    case "%t":
      return "\t";
    case "%T":
      return "%H:%M:%S";
    case "%z":
      return offsetText(time.offsetMinutes, "");
    case "%:z":
      return offsetText(time.offsetMinutes, ":");
    case "%Z":
      return time.zoneName;
    default:
      return undefined;
  }
}
