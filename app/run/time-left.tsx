import { useEffect, useState } from "react";
import { useI18n } from "#app/i18n/i18n.tsx";
import { LocalTime } from "#app/components/local-time.tsx";

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** A time to come and what is left until then, counting down. The countdown is not read out each time that it changes. */
export function TimeLeft({ until }: { until: string }) {
  const { t, format } = useI18n();
  const end = Date.parse(until);
  const [now, setNow] = useState<number | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tick = () => {
      const time = Date.now();
      setNow(time);
      if (time < end) {
        timer = setTimeout(tick, end - time > DAY_MS ? MINUTE_MS : SECOND_MS);
      }
    };
    tick();
    return () => clearTimeout(timer);
  }, [end]);
  const today = now !== null && new Date(now).toDateString() === new Date(end).toDateString();
  return (
    <span>
      <LocalTime iso={until} clock={today} />
      {now !== null && (
        <span style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
          {" · "}
          {end > now ? t.wait.left(format.duration(Math.ceil((end - now) / SECOND_MS) * SECOND_MS)) : t.wait.due}
        </span>
      )}
    </span>
  );
}
