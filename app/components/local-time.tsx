import { useSyncExternalStore } from "react";
import { useI18n } from "#app/i18n/i18n.tsx";

const subscribeToNothing = () => () => undefined;

/** True from the first render in the browser after hydration on; the server and hydration see false. */
export function useInBrowser(): boolean {
  return useSyncExternalStore(
    subscribeToNothing,
    () => true,
    () => false,
  );
}

/** A point in time in the reader's zone. The server does not know the zone, so it writes UTC and the browser corrects it. */
export function LocalTime({ iso, clock = false }: { iso: string; clock?: boolean }) {
  const { format } = useI18n();
  const timeZone = useInBrowser() ? undefined : "UTC";
  const text = clock ? format.time(iso, timeZone) : format.dateTime(iso, timeZone);
  return (
    <time dateTime={iso} title={iso} style={{ whiteSpace: "nowrap" }}>
      {text}
    </time>
  );
}
