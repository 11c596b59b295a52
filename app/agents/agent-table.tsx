import { Link } from "react-router";
import type { AppGraphSummary } from "#worker/contracts/app-context.ts";
import { LocalTime } from "#app/components/local-time.tsx";
import { StatusBadge } from "#app/components/status-badge.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import page from "#app/components/page.module.css";

export function AgentTable({ agents }: { agents: AppGraphSummary[] }) {
  const { t } = useI18n();
  return (
    <div className={page.card}>
      <table className={page.table}>
        <thead>
          <tr>
            <th>{t.agents.name}</th>
            <th className={page.wide}>{t.agents.version}</th>
            <th>{t.agents.last_run}</th>
            <th className={page.wide}>{t.agents.updated}</th>
          </tr>
        </thead>
        <tbody>
          {agents.map((agent) => (
            <AgentRow key={agent.id} agent={agent} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AgentRow({ agent }: { agent: AppGraphSummary }) {
  const { t } = useI18n();
  const last = agent.last_execution;
  return (
    <tr>
      <td>
        <Link to={`/agents/${encodeURIComponent(agent.id)}`} className={page.name} prefetch="intent">
          {agent.name}
        </Link>
        <div className={`${page.quiet} ${page.clamp}`} style={{ fontSize: 13 }}>
          {agent.description === "" ? t.agents.no_description : agent.description}
        </div>
      </td>
      <td className={`${page.numeric} ${page.wide}`}>{agent.version}</td>
      <td>
        {last === null ? (
          <span className={page.quiet}>{t.agents.never_run}</span>
        ) : (
          <Link to={`/runs/${encodeURIComponent(last.id)}`} style={{ textDecoration: "none", color: "inherit" }}>
            <StatusBadge status={last.status} />
            {last.started_at !== null && (
              <div className={page.quiet} style={{ fontSize: 12, marginTop: 2 }}>
                <LocalTime iso={last.started_at} />
              </div>
            )}
          </Link>
        )}
      </td>
      <td className={`${page.quiet} ${page.wide}`}>
        <LocalTime iso={agent.updated_at} />
      </td>
    </tr>
  );
}
