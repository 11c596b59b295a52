import { ActionIcon, Group, Stack, Text, Title } from "@mantine/core";
import { ChevronLeft, ChevronRight, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import type { NodeExecutionRunView, NodeRunView } from "#graph/run/run-view.ts";
import type { AppGraphProblem } from "#worker/contracts/app-context.ts";
import { LocalTime } from "#app/components/local-time.tsx";
import { Notice } from "#app/components/notice.tsx";
import { StatusBadge } from "#app/components/status-badge.tsx";
import { ValueView } from "#app/components/value-view.tsx";
import type { DrawnNode } from "#app/graph-view/drawing.ts";
import { useI18n } from "#app/i18n/i18n.tsx";
import { useNodeActivity } from "#app/run/live-run.tsx";
import { adviceFor } from "./advice.ts";
import { ForkRun } from "./fork-run.tsx";
import { WaitingNotice } from "./waiting-notice.tsx";
import classes from "./workbench.module.css";

interface NodePanelProps {
  node: DrawnNode;
  problems: AppGraphProblem[];
  /** The run that is shown; in it, a block without activity "has not run". */
  executionId: string | null;
  onClose: () => void;
  onDecide: (reviewId: string) => void;
  /** A new run was started from the one shown. */
  onRerun: (executionId: string) => void;
}

/** One block: what it is, and what it did in the run shown. */
export function NodePanel({ node, problems, executionId, onClose, onDecide, onRerun }: NodePanelProps) {
  const { t } = useI18n();
  const activity = useNodeActivity(node.id);
  return (
    <Stack gap="sm" data-testid="node-panel">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Title order={2} size="h5" style={{ overflowWrap: "anywhere" }}>
            {node.missing ? t.agent.missing_block : node.title}
          </Title>
          <Text size="xs" c="var(--text-quiet)" style={{ overflowWrap: "anywhere" }}>
            {node.block_name}
          </Text>
        </div>
        <Group gap={6} wrap="nowrap">
          {activity !== undefined && <StatusBadge status={activity.status} count={activity.executions} />}
          <ActionIcon variant="subtle" color="gray" size="sm" onClick={onClose} aria-label={t.node.close}>
            <X size={15} aria-hidden />
          </ActionIcon>
        </Group>
      </Group>
      {node.missing && (
        <Notice kind="error" title={t.agent.missing_block}>
          {t.agent.missing_block_text(node.block_id)}
        </Notice>
      )}
      {node.description !== "" && <Text size="sm">{node.description}</Text>}
      {!node.missing && problems.length > 0 && (
        <Notice kind="warning" title={t.node.problems}>
          {problems.map((problem, index) => (
            <Text key={index} size="sm">
              {problem.message}
            </Text>
          ))}
        </Notice>
      )}
      {activity === undefined ? (
        executionId !== null && (
          <Text c="var(--text-quiet)" size="sm">
            {t.node.not_run}
          </Text>
        )
      ) : (
        <Activity
          key={node.id}
          activity={activity}
          notice={(execution) => (
            <WaitingNotice
              execution={execution}
              executionId={executionId ?? ""}
              startsRuns={node.ui_type === "Agent"}
              onDecide={onDecide}
            />
          )}
          commands={(execution) => (
            <ForkRun executionId={executionId ?? ""} node={node} execution={execution} onStarted={onRerun} />
          )}
        />
      )}
      <Values title={t.node.defaults} values={node.defaults} hideWhenEmpty />
    </Stack>
  );
}

interface ActivityProps {
  activity: NodeRunView;
  /** What to say of an execution before anything else. */
  notice: (execution: NodeExecutionRunView) => ReactNode;
  /** What can be done from an execution. */
  commands: (execution: NodeExecutionRunView) => ReactNode;
}

function Activity({ activity, notice, commands }: ActivityProps) {
  const { t, format } = useI18n();
  const { recent } = activity;
  /** Which of the kept executions, counted from the newest; 0 follows the run. */
  const [back, setBack] = useState(0);
  const shown = recent[recent.length - 1 - Math.min(back, recent.length - 1)];
  if (shown === undefined) {
    return null;
  }
  const number = Math.max(recent.length, activity.executions) - back;
  return (
    <Stack gap="sm">
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={600}>
          {t.node.runs(activity.executions)}
          {activity.duration_ms > 0 && ` · ${format.duration(activity.duration_ms)}`}
          {activity.usage?.cost_usd !== undefined && ` · ${format.usd(activity.usage.cost_usd)}`}
        </Text>
        {recent.length > 1 && (
          <Group gap={2} wrap="nowrap">
            <ActionIcon
              variant="default"
              size="sm"
              disabled={back >= recent.length - 1}
              onClick={() => setBack(back + 1)}
              aria-label={t.node.previous}
            >
              <ChevronLeft size={14} aria-hidden />
            </ActionIcon>
            <Text size="xs" className={classes.numeric}>
              {t.node.execution_of(number, Math.max(recent.length, activity.executions))}
            </Text>
            <ActionIcon
              variant="default"
              size="sm"
              disabled={back === 0}
              onClick={() => setBack(back - 1)}
              aria-label={t.node.next}
            >
              <ChevronRight size={14} aria-hidden />
            </ActionIcon>
          </Group>
        )}
      </Group>
      <OneExecution execution={shown} notice={notice(shown)} commands={commands(shown)} />
    </Stack>
  );
}

interface OneExecutionProps {
  execution: NodeExecutionRunView;
  notice: ReactNode;
  commands: ReactNode;
}

function OneExecution({ execution, notice, commands }: OneExecutionProps) {
  const { t, format } = useI18n();
  const { error } = execution;
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <StatusBadge status={execution.status} />
        {execution.attempt > 1 && <Text size="xs">{t.node.attempt(execution.attempt)}</Text>}
        {execution.duration_ms !== null && (
          <Text size="xs" className={classes.numeric}>
            {t.node.duration}: {format.duration(execution.duration_ms)}
          </Text>
        )}
        {execution.usage !== null && <Usage usage={execution.usage} />}
        {execution.started_at !== null && (
          <Text size="xs" c="var(--text-quiet)">
            <LocalTime iso={execution.started_at} clock />
          </Text>
        )}
        {execution.retry_at !== null && (
          <Text size="xs">
            {t.node.retry_at}: <LocalTime iso={execution.retry_at} clock />
          </Text>
        )}
      </Group>
      {notice}
      {error !== null && (
        <Notice kind={execution.handled ? "warning" : "error"} title={t.node.error}>
          <Text size="sm" style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
            {error.message}
          </Text>
          <Text size="sm" mt={6}>
            {execution.handled ? t.node.handled : `${t.node.what_to_do}: ${adviceFor(error.code, t)}`}
          </Text>
          <Text size="xs" c="var(--text-quiet)" mt={4}>
            {t.error.code(error.code)}
          </Text>
        </Notice>
      )}
      {commands}
      <Values title={execution.status === "INCOMPLETE" ? t.node.waiting_for : t.node.input} values={execution.input} />
      <PinValues title={t.node.output} values={execution.outputs} />
    </Stack>
  );
}

function Usage({ usage }: { usage: NodeUsage }) {
  const { t, format } = useI18n();
  const { input_tokens = 0, output_tokens = 0, cost_usd } = usage;
  return (
    <>
      {input_tokens + output_tokens > 0 && (
        <Text size="xs" className={classes.numeric}>
          {t.run.tokens}: {format.number(input_tokens)} / {format.number(output_tokens)}
        </Text>
      )}
      {cost_usd !== undefined && (
        <Text size="xs" className={classes.numeric}>
          {t.run.cost}: {format.usd(cost_usd)}
        </Text>
      )}
    </>
  );
}

interface ValuesProps {
  title: string;
  values: JsonObject;
  hideWhenEmpty?: boolean;
}

function Values({ title, values, hideWhenEmpty = false }: ValuesProps) {
  const entries = Object.entries(values);
  if (entries.length === 0 && hideWhenEmpty) {
    return null;
  }
  return <Section title={title} groups={entries.map(([name, value]) => [name, [value]])} />;
}

function PinValues({ title, values }: { title: string; values: Record<string, JsonValue[]> }) {
  return <Section title={title} groups={Object.entries(values)} />;
}

const SHOWN_VALUES = 10;

function Section({ title, groups }: { title: string; groups: [string, JsonValue[]][] }) {
  const { t } = useI18n();
  return (
    <section>
      <h3 className={classes.section}>{title}</h3>
      {groups.length === 0 && (
        <Text size="sm" c="var(--text-quiet)">
          {t.node.no_values}
        </Text>
      )}
      <Stack gap={8}>
        {groups.map(([name, values]) => (
          <div key={name}>
            <div className={classes.pin}>
              {name}
              {values.length > 1 && (
                <span className={classes.quiet}>
                  {" "}
                  ·{" "}
                  {values.length > SHOWN_VALUES
                    ? t.outputs.truncated(SHOWN_VALUES, values.length)
                    : t.outputs.values(values.length)}
                </span>
              )}
            </div>
            <Stack gap={4}>
              {values.slice(-SHOWN_VALUES).map((value, index) => (
                <ValueView key={index} value={value} />
              ))}
            </Stack>
          </div>
        ))}
      </Stack>
    </section>
  );
}
