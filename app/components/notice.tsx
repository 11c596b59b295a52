import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import classes from "./notice.module.css";

const ICONS = { error: CircleAlert, warning: TriangleAlert, success: CircleCheck, info: Info };

interface NoticeProps {
  kind: keyof typeof ICONS;
  title?: string;
  children?: ReactNode;
  /** Across the whole width of a column, without corners. */
  flush?: boolean;
  /** Read out at once by screen readers. */
  urgent?: boolean;
  testId?: string;
}

/** Something a person should know: a tint and an icon of its kind, text in the colour of text. */
export function Notice({ kind, title, children, flush = false, urgent = false, testId }: NoticeProps) {
  const Icon = ICONS[kind];
  return (
    <div
      className={classes.notice}
      data-kind={kind}
      data-flush={flush || undefined}
      role={urgent ? "alert" : undefined}
      data-testid={testId}
    >
      <Icon size={18} aria-hidden className={classes.icon} />
      <div className={classes.body}>
        {title !== undefined && <div className={classes.title}>{title}</div>}
        {children}
      </div>
    </div>
  );
}
