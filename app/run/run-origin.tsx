import { CornerLeftUp, GitFork, RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { AppRun } from "#worker/contracts/app-context.ts";
import { useI18n } from "#app/i18n/i18n.tsx";
import classes from "./run-origin.module.css";

/** The runs that this one comes from: started by, a retry of, forked from. */
export function RunOrigin({ run }: { run: AppRun }) {
  const { t } = useI18n();
  const { parent_execution_id: parent, retried_from: retried, forked_from: forked } = run;
  return (
    <>
      {parent !== null && (
        <RunLink id={parent} icon={<CornerLeftUp size={13} aria-hidden />}>
          {t.run.parent}
        </RunLink>
      )}
      {retried !== null && (
        <RunLink id={retried} icon={<RotateCcw size={13} aria-hidden />}>
          {t.rerun.retry_of(shortId(retried))}
        </RunLink>
      )}
      {forked !== null && (
        <RunLink id={forked.execution_id} icon={<GitFork size={13} aria-hidden />}>
          {t.rerun.forked_from(shortId(forked.execution_id))}
        </RunLink>
      )}
    </>
  );
}

function RunLink({ id, icon, children }: { id: string; icon: ReactNode; children: string }) {
  return (
    <Link to={`/runs/${encodeURIComponent(id)}`} className={classes.link} title={id}>
      {icon} {children}
    </Link>
  );
}

/** Ids begin with the time, so runs of the same minute differ at the end only. */
function shortId(id: string): string {
  return `…${id.slice(-8)}`;
}
