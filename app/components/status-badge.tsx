import { Ban, Check, CircleDashed, Clock, Eye, LoaderCircle, X } from "lucide-react";
import type { ExecutionStatus } from "#graph/run/status.ts";
import { useI18n } from "#app/i18n/i18n.tsx";
import classes from "./status-badge.module.css";

const ICONS = {
  INCOMPLETE: CircleDashed,
  QUEUED: Clock,
  RUNNING: LoaderCircle,
  REVIEW: Eye,
  COMPLETED: Check,
  TERMINATED: Ban,
  FAILED: X,
} satisfies Record<ExecutionStatus, unknown>;

interface StatusBadgeProps {
  status: ExecutionStatus;
  /** How often, after the name: a node may run many times. */
  count?: number;
}

/** A status as colour, icon and word: never by colour alone. */
export function StatusBadge({ status, count }: StatusBadgeProps) {
  const { t } = useI18n();
  const Icon = ICONS[status];
  return (
    <span className={classes.badge} data-status={status}>
      <Icon size={12} strokeWidth={2.5} aria-hidden className={status === "RUNNING" ? classes.spin : undefined} />
      <span>{t.status[status]}</span>
      {count !== undefined && count > 1 && <span className={classes.count}>×{count}</span>}
    </span>
  );
}
