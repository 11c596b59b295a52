import { Button, NativeSelect, Text, Title } from "@mantine/core";
import { History, UserCheck } from "lucide-react";
import { Form, Link, useSearchParams, useSubmit } from "react-router";
import { EXECUTION_STATUSES, type ExecutionStatus } from "#graph/run/status.ts";
import { EmptyState } from "#app/components/empty-state.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import { orErrorPage, requireServices } from "#app/services.server.ts";
import { RunTable } from "#app/run/run-table.tsx";
import { loadEstimate } from "#app/workbench/load-estimate.server.ts";
import { useRefresh } from "#app/run/use-refresh.ts";
import page from "#app/components/page.module.css";
import type { Route } from "./+types/runs.ts";

const PAGE_SIZE = 50;
/** Runs that wait for people are counted up to here. */
const MOST_COUNTED = 50;

export async function loader({ context, request }: Route.LoaderArgs) {
  const services = requireServices(context, request);
  const query = new URL(request.url).searchParams;
  const status = EXECUTION_STATUSES.find((candidate) => candidate === query.get("status"));
  const graphId = query.get("agent") ?? "";
  const cursor = query.get("cursor") ?? "";
  const [list, graphs, waiting, estimate] = await orErrorPage(
    Promise.all([
      services.executions.list({
        limit: PAGE_SIZE,
        ...(status === undefined ? {} : { status: [status] }),
        ...(graphId === "" ? {} : { graph_id: graphId }),
        ...(cursor === "" ? {} : { cursor }),
      }),
      services.graphs.list({ limit: 100 }),
      services.executions.list({ limit: MOST_COUNTED, status: ["REVIEW"] }),
      graphId === "" ? null : loadEstimate(services, graphId),
    ]),
  );
  const agents = graphs.items.map(({ id, name }) => ({ id, name }));
  const waitingForPeople = { count: waiting.items.length, more: waiting.next_cursor !== null };
  return { ...list, agents, status: status ?? null, graphId, waitingForPeople, estimate };
}

export default function Runs({ loaderData }: Route.ComponentProps) {
  const { t } = useI18n();
  const { items, next_cursor, agents, status, graphId, waitingForPeople, estimate } = loaderData;
  const [params] = useSearchParams();
  useRefresh(
    items.some(({ status: at }) => at === "QUEUED" || at === "RUNNING"),
    items.map((run) => `${run.id} ${run.status}`).join() + waitingForPeople.count,
  );
  const filtered = status !== null || graphId !== "" || params.has("cursor");
  return (
    <div className={page.page}>
      <div className={page.head}>
        <Title order={1} size="h3" className={page.title}>
          {t.runs.title}
        </Title>
        <WaitingForYou {...waitingForPeople} filtered={status === "REVIEW"} />
        <Filters agents={agents} status={status} graphId={graphId} />
      </div>
      {items.length > 0 && <RunTable runs={items} estimate={estimate} showAgent />}
      {items.length === 0 && filtered && (
        <Text c="var(--text-quiet)">
          {t.runs.none_match} <Link to="/runs">{t.runs.clear_filter}</Link>
        </Text>
      )}
      {items.length === 0 && !filtered && (
        <EmptyState icon={<History size={40} strokeWidth={1.5} />} title={t.runs.empty_title}>
          <Text size="sm">{t.runs.empty_text}</Text>
        </EmptyState>
      )}
      {next_cursor !== null && (
        <div className={page.foot}>
          <Button variant="default" size="xs" component={Link} to={`?${withCursor(params, next_cursor)}`}>
            {t.agents.more}
          </Button>
        </div>
      )}
    </div>
  );
}

interface WaitingForYouProps {
  count: number;
  more: boolean;
  /** The list shows just these. */
  filtered: boolean;
}

/** How many runs wait for people, and the way to them and back. */
function WaitingForYou({ count, more, filtered }: WaitingForYouProps) {
  const { t } = useI18n();
  if (count === 0 && !filtered) {
    return null;
  }
  return (
    <Button
      component={Link}
      to={filtered ? "/runs" : "/runs?status=REVIEW"}
      aria-current={filtered ? "true" : undefined}
      title={filtered ? t.runs.clear_filter : t.runs.waiting_for_you_hint}
      size="xs"
      color="violet"
      variant={filtered ? "filled" : "light"}
      leftSection={<UserCheck size={14} aria-hidden />}
    >
      {t.runs.waiting_for_you(count, more)}
    </Button>
  );
}

interface FiltersProps {
  agents: { id: string; name: string }[];
  status: ExecutionStatus | null;
  graphId: string;
}

function Filters({ agents, status, graphId }: FiltersProps) {
  const { t } = useI18n();
  const submit = useSubmit();
  return (
    <Form
      method="get"
      onChange={(event) => void submit(event.currentTarget)}
      style={{ display: "flex", gap: 8, flexWrap: "wrap" }}
    >
      <NativeSelect
        name="status"
        size="xs"
        aria-label={t.runs.filter_status}
        defaultValue={status ?? ""}
        key={`status-${status}`}
      >
        <option value="">{`${t.runs.status}: ${t.runs.all}`}</option>
        {EXECUTION_STATUSES.map((choice) => (
          <option key={choice} value={choice}>
            {t.status[choice]}
          </option>
        ))}
      </NativeSelect>
      <NativeSelect
        name="agent"
        size="xs"
        maw={220}
        aria-label={t.runs.filter_agent}
        defaultValue={graphId}
        key={`agent-${graphId}`}
      >
        <option value="">{`${t.runs.agent}: ${t.runs.all}`}</option>
        {agents.map((agent) => (
          <option key={agent.id} value={agent.id}>
            {agent.name}
          </option>
        ))}
      </NativeSelect>
      <noscript>
        <button type="submit">OK</button>
      </noscript>
    </Form>
  );
}

function withCursor(current: URLSearchParams, cursor: string): string {
  const next = new URLSearchParams(current);
  next.set("cursor", cursor);
  return next.toString();
}

export function meta() {
  return [{ title: "Weft" }];
}
