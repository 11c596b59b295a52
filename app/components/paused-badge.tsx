import { Pause } from "lucide-react";
import { useI18n } from "#app/i18n/i18n.tsx";
import classes from "./status-badge.module.css";

/** A run that starts no more blocks until somebody resumes it. */
export function PausedBadge() {
  const { t } = useI18n();
  return (
    <span className={classes.badge} data-paused title={t.run.paused_hint} data-testid="paused">
      <Pause size={12} strokeWidth={2.5} aria-hidden />
      <span>{t.run.paused}</span>
    </span>
  );
}
