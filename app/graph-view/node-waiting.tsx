import { Bot, Hourglass, PhoneIncoming, UserCheck } from "lucide-react";
import type { WaitKind } from "#graph/run/wait.ts";
import { useI18n } from "#app/i18n/i18n.tsx";
import { TimeLeft } from "#app/run/time-left.tsx";
import type { Waiting } from "#app/run/waiting.ts";
import classes from "./block-node.module.css";

const ICONS = { timer: Hourglass, review: UserCheck, child: Bot, callback: PhoneIncoming } satisfies Record<
  WaitKind,
  unknown
>;

/** What a block waits for and until when: one line on its card. */
export function NodeWaiting({ first, others }: { first: Waiting; others: number }) {
  const { t } = useI18n();
  const Icon = ICONS[first.kind];
  return (
    <div className={classes.waiting} data-status={first.kind === "review" ? "REVIEW" : "RUNNING"} data-testid="waiting">
      <Icon size={13} aria-hidden className={classes.waitingIcon} />
      <span>
        {t.wait[first.kind]}
        {first.until !== null && (
          <>
            {" "}
            {t.wait.until} <TimeLeft until={first.until} />
          </>
        )}
        {others > 0 && ` · ${t.wait.more(others)}`}
      </span>
    </div>
  );
}
