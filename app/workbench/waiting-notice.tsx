import { Button, Code, Group, Text } from "@mantine/core";
import { Link } from "react-router";
import type { NodeExecutionRunView } from "#graph/run/run-view.ts";
import { Notice } from "#app/components/notice.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import { TimeLeft } from "#app/run/time-left.tsx";
import { type Waiting, waitingOf } from "#app/run/waiting.ts";

interface WaitingNoticeProps {
  execution: NodeExecutionRunView;
  /** The run of the execution. */
  executionId: string;
  /** The block runs other agents. */
  startsRuns: boolean;
  onDecide: (reviewId: string) => void;
}

/** What an execution of a block waits for and what can be done about it; and the way to the run that it has started. */
export function WaitingNotice({ execution, executionId, startsRuns, onDecide }: WaitingNoticeProps) {
  const { t } = useI18n();
  const waiting = waitingOf(execution);
  const ne = execution.node_execution_id;
  // The run that it started is there for good, unless the execution was not run at all.
  const hasRun = startsRuns && execution.started_at !== null && execution.reused === null;
  const link = hasRun ? (
    <Button
      component={Link}
      to={`/runs/${encodeURIComponent(executionId)}/children/${encodeURIComponent(ne)}`}
      size="compact-xs"
      variant="light"
    >
      {t.wait.open_child}
    </Button>
  ) : null;
  if (waiting === null) {
    return link === null ? null : <Group>{link}</Group>;
  }
  const address = addressOf(execution);
  return (
    <Notice kind="info" title={t.wait[waiting.kind]} testId="waiting-notice">
      <Text size="sm">{describe(waiting.kind, t.wait)}</Text>
      {waiting.until !== null && (
        <Text size="sm" component="div" mt={4}>
          {waiting.kind === "review" ? t.review.deadline : t.wait.until}: <TimeLeft until={waiting.until} />
        </Text>
      )}
      {address !== null && (
        <Text size="sm" component="div" mt={4}>
          {t.wait.call_at} <Code style={{ overflowWrap: "anywhere" }}>{address}</Code>
        </Text>
      )}
      <Group gap="xs" mt={6}>
        {link}
        {waiting.kind === "review" && (
          <Button size="compact-xs" variant="light" onClick={() => onDecide(ne)}>
            {t.wait.decide}
          </Button>
        )}
      </Group>
    </Notice>
  );
}

/** Where the call is expected that the execution waits for. */
function addressOf({ waiting }: NodeExecutionRunView): string | null {
  const payload = waiting?.kind === "callback" ? waiting.payload : null;
  const url = typeof payload === "object" && payload !== null && !Array.isArray(payload) ? payload["url"] : null;
  return typeof url === "string" ? url : null;
}

function describe(kind: Waiting["kind"], t: ReturnType<typeof useI18n>["t"]["wait"]): string {
  return { timer: t.timer_text, review: t.review_text, child: t.child_text, callback: t.callback_text }[kind];
}
