import { Hourglass } from "lucide-react";
import { Notice } from "#app/components/notice.tsx";
import badge from "#app/components/status-badge.module.css";
import { useI18n } from "#app/i18n/i18n.tsx";
import type { UnusualRun } from "./unusual-run.ts";

/** In a list: how many times as long as usual a run took. */
export function UnusualMark({ run }: { run: UnusualRun }) {
  const { t, format } = useI18n();
  const text = t.unusual.text(format.number(run.times));
  return (
    <span className={badge.badge} data-unusual title={text} data-testid="unusual">
      <Hourglass size={12} strokeWidth={2.5} aria-hidden />
      <span aria-hidden>×{format.number(run.times)}</span>
      <span className="visually-hidden">{text}</span>
    </span>
  );
}

/** On its own page: what that means. */
export function UnusualNotice({ run }: { run: UnusualRun }) {
  const { t, format } = useI18n();
  const { times, duration_ms, usual_ms, most_ms } = run;
  return (
    <Notice kind="info" title={t.unusual.title} flush testId="unusual-notice">
      {t.unusual.explained({
        times: format.number(times),
        duration: format.duration(duration_ms),
        usual: format.duration(usual_ms),
        most: format.duration(most_ms),
      })}
    </Notice>
  );
}
