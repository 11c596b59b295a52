/** Least and greatest number of each field of a cron expression: minute, hour, day of the month, month, day of the week (1 is Sunday, as on Cloudflare). */
const FIELDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [1, 7],
] as const;

/**
 * Whether a cron expression names the minute of `time`, in UTC. Of Cloudflare's syntax it knows numbers, `*`, ranges, steps and lists; when both
 * days are restricted, one of them is enough, as in cron.
 * @throws RangeError for anything else
 */
export function cronMatches(cron: string, time: Date): boolean {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== FIELDS.length) throw new RangeError(`The cron expression "${cron}" has not five fields.`);
  const now = [
    time.getUTCMinutes(),
    time.getUTCHours(),
    time.getUTCDate(),
    time.getUTCMonth() + 1,
    time.getUTCDay() + 1,
  ];
  const [minute, hour, day, month, weekday] = FIELDS.map((range, index) =>
    fieldMatches(fields[index] ?? "", now[index] ?? 0, range),
  );
  const restricted = [fields[2], fields[4]].every((field) => field?.startsWith("*") === false);
  const today = restricted ? day === true || weekday === true : day === true && weekday === true;
  return minute === true && hour === true && month === true && today;
}

function fieldMatches(field: string, value: number, [least, greatest]: readonly [number, number]): boolean {
  return field
    .split(",")
    .map((part) => {
      const parsed = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
      if (parsed === null) throw new RangeError(`"${part}" is no part of a cron expression that is known here.`);
      const [, first, last, step] = parsed;
      const from = first === undefined ? least : Number(first);
      const to = last === undefined ? (first === undefined || step !== undefined ? greatest : from) : Number(last);
      const every = Number(step ?? 1);
      if (from < least || to > greatest || from > to || every < 1) {
        throw new RangeError(`"${part}" is not within ${least} to ${greatest}.`);
      }
      return value >= from && value <= to && (value - from) % every === 0;
    })
    .includes(true);
}
