import { Link } from "react-router";
import type { AppEstimate, AppRunSummary } from "#worker/contracts/app-context.ts";
import { isTerminal } from "#graph/run/status.ts";
import { LocalTime } from "#app/components/local-time.tsx";
import { StatusBadge } from "#app/components/status-badge.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import page from "#app/components/page.module.css";
import { Elapsed } from "./elapsed.tsx";
import { UnusualMark } from "./unusual-mark.tsx";
import { unusualRun } from "./unusual-run.ts";
import type { UnusualRun } from "./unusual-run.ts";

interface RunTableProps {
  runs: AppRunSummary[];
  /** Of the agent whose runs they are: marks those that stood out. */
  estimate?: AppEstimate | null;
  showAgent: boolean;
  /** Only what fits a side panel. */
  compact?: boolean;
}

export function RunTable({ runs, estimate = null, showAgent, compact = false }: RunTableProps) {
  const { t } = useI18n();
  return (
    <div className={page.card}>
      <table className={page.table}>
        <thead>
          <tr>
            <th>{t.runs.status}</th>
            {showAgent && <th>{t.runs.agent}</th>}
            <th>{t.runs.started}</th>
            <th className={page.wide}>{t.runs.duration}</th>
            {!compact && (
              <>
                <th className={page.wide}>{t.runs.nodes}</th>
                <th className={page.wide}>{t.runs.cost}</th>
                <th className={page.wide}>{t.runs.source}</th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow key={run.id} {...{ run, showAgent, compact }} unusual={unusualRun(run.id, estimate)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RunRowProps {
  run: AppRunSummary;
  unusual: UnusualRun | null;
  showAgent: boolean;
  compact: boolean;
}

function RunRow({ run, unusual, showAgent, compact }: RunRowProps) {
  const { t, format } = useI18n();
  const to = `/runs/${encodeURIComponent(run.id)}`;
  return (
    <tr>
      <td>
        <Link to={to} aria-label={`${t.status[run.status]}, ${run.graph_name}`} style={{ textDecoration: "none" }}>
          <StatusBadge status={run.status} />
        </Link>{" "}
        {unusual !== null && <UnusualMark run={unusual} />}
      </td>
      {showAgent && (
        <td>
          <Link to={to} className={page.name} prefetch="intent">
            {run.graph_name}
          </Link>
          {run.error !== null && (
            <div className={`${page.quiet} ${page.clamp}`} style={{ fontSize: 12 }}>
              {run.error.message}
            </div>
          )}
        </td>
      )}
      <td>
        <Link to={to} style={{ color: "inherit", textDecoration: "none" }}>
          {run.started_at === null ? t.runs.not_started : <LocalTime iso={run.started_at} />}
        </Link>
      </td>
      <td className={`${page.numeric} ${page.wide}`}>
        <Elapsed from={run.started_at} to={isTerminal(run.status) ? run.ended_at : null} />
      </td>
      {!compact && (
        <>
          <td className={`${page.numeric} ${page.wide}`}>{run.stats.node_execution_count}</td>
          <td className={`${page.numeric} ${page.wide}`}>
            {run.stats.cost_usd === undefined ? "–" : format.usd(run.stats.cost_usd)}
          </td>
          <td className={`${page.quiet} ${page.wide}`}>{run.source}</td>
        </>
      )}
    </tr>
  );
}
