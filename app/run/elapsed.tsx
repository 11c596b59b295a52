import { useEffect, useState } from "react";
import { useI18n } from "#app/i18n/i18n.tsx";

/** Time between two points, or from one until now, counting on. */
export function Elapsed({ from, to }: { from: string | null; to: string | null }) {
  const { format } = useI18n();
  const [now, setNow] = useState<number | null>(null);
  const running = from !== null && to === null;
  useEffect(() => {
    if (!running) {
      return undefined;
    }
    const tick = () => setNow(Date.now());
    tick();
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  }, [running]);
  if (from === null) {
    return <>–</>;
  }
  const end = to === null ? now : Date.parse(to);
  return <>{end === null ? "…" : format.duration(Math.max(0, end - Date.parse(from)))}</>;
}
