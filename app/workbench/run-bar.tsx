import { ActionIcon, Button, CopyButton, Group, Slider, Text, Tooltip } from "@mantine/core";
import { Check, Copy, History, Pause, Play, Square, Wifi, WifiOff } from "lucide-react";
import { type RefObject, useEffect, useState } from "react";
import { isTerminal } from "#graph/run/status.ts";
import type { RunStats } from "#graph/run/event.ts";
import type { AppRun } from "#worker/contracts/app-context.ts";
import { LocalTime } from "#app/components/local-time.tsx";
import { Notice } from "#app/components/notice.tsx";
import { PausedBadge } from "#app/components/paused-badge.tsx";
import { StatusBadge } from "#app/components/status-badge.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import { Elapsed } from "#app/run/elapsed.tsx";
import { useConnection, useLatestRun, useLiveRun, useLiveRunStore, useRunView } from "#app/run/live-run.tsx";
import { mayRetry } from "#app/run/may-retry.ts";
import { RetryRun } from "#app/run/retry-run.tsx";
import { RunCommand } from "#app/run/run-command.tsx";
import { RunOrigin } from "#app/run/run-origin.tsx";
import classes from "./workbench.module.css";

interface RunBarProps {
  run: AppRun;
  /** A new run was started from this one. */
  onRerun: (executionId: string) => void;
  bar: RefObject<HTMLDivElement | null>;
}

/** How the run stands: status, time, figures, the connection, where it comes from, and the buttons that hold, stop and retry it. */
export function RunBar({ run, onRerun, bar }: RunBarProps) {
  const { t, format } = useI18n();
  const live = useLatestRun();
  const heard = useRunView();
  const status = live?.status ?? run.status;
  const shown = heard?.status ?? status;
  const paused = (live ?? run).paused && !isTerminal(status);
  const shownPaused = heard?.paused ?? paused;
  const started = run.started_at ?? live?.created_at ?? run.created_at;
  const ended = live?.ended_at ?? run.ended_at;
  const stats = live?.stats ?? (isTerminal(run.status) ? run.stats : null);
  return (
    <div ref={bar} tabIndex={-1} role="group" aria-label={t.run.bar} className={classes.runBar} data-testid="run-bar">
      {(!shownPaused || shown === "REVIEW") && <StatusBadge status={shown} />}
      {shownPaused && <PausedBadge />}
      <Text size="sm" className={classes.numeric}>
        <Elapsed from={started} to={isTerminal(status) ? (ended ?? started) : null} />
      </Text>
      <Text size="xs" c="var(--text-quiet)" className={classes.wide}>
        <LocalTime iso={started} />
      </Text>
      <RunOrigin run={run} />
      {stats !== null && <Figures stats={stats} />}
      {!isTerminal(status) && <Connection />}
      <Replay />
      <Group gap={6} ml="auto">
        <CopyButton value={run.id}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? t.run.copied : t.run.copy_id}>
              <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={t.run.copy_id}>
                {copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
        {!isTerminal(status) && <Commands executionId={run.id} paused={paused} />}
        {mayRetry(status, stats) && <RetryRun key={run.id} executionId={run.id} onStarted={onRerun} />}
      </Group>
      <span className="visually-hidden" role="status">
        {isTerminal(status)
          ? `${t.status[status]}, ${format.duration(stats?.duration_ms ?? 0)}`
          : paused
            ? `${t.run.paused}. ${t.run.paused_hint}`
            : t.status[status]}
      </span>
    </div>
  );
}

function Figures({ stats }: { stats: RunStats }) {
  const { t, format } = useI18n();
  const tokens = stats.input_tokens + stats.output_tokens;
  return (
    <Text size="xs" c="var(--text-quiet)" className={`${classes.numeric} ${classes.wide}`}>
      {t.run.node_runs}: {format.number(stats.node_execution_count)}
      {stats.node_error_count > 0 && ` · ${t.run.errors}: ${format.number(stats.node_error_count)}`}
      {tokens > 0 && ` · ${t.run.tokens}: ${format.number(stats.input_tokens)} / ${format.number(stats.output_tokens)}`}
      {stats.cost_usd !== undefined && ` · ${t.run.cost}: ${format.usd(stats.cost_usd)}`}
    </Text>
  );
}

function Connection() {
  const { t } = useI18n();
  const { state, retryNow } = useConnection();
  switch (state.kind) {
    case "idle":
    case "ended":
      return null;
    case "connecting":
      return <Text size="xs">{t.run.connecting}</Text>;
    case "live":
      return (
        <Group gap={4} wrap="nowrap" data-connection="live">
          <Wifi size={14} aria-hidden />
          <Text size="xs">{t.run.live}</Text>
        </Group>
      );
    case "refused":
      return (
        <Text size="xs" c="red" role="alert">
          {t.run.lost}
        </Text>
      );
    case "reconnecting":
      return (
        <Group gap={6} wrap="nowrap" role="status" data-connection="reconnecting">
          <WifiOff size={14} aria-hidden />
          <Countdown until={state.retryAt} />
          <Button variant="default" size="compact-xs" onClick={retryNow}>
            {t.run.retry_now}
          </Button>
        </Group>
      );
  }
}

function Countdown({ until }: { until: number }) {
  const { t } = useI18n();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return <Text size="xs">{t.run.reconnecting(Math.max(0, Math.ceil((until - now) / 1_000)))}</Text>;
}

interface CommandsProps {
  executionId: string;
  paused: boolean;
}

function Commands({ executionId, paused }: CommandsProps) {
  const { t } = useI18n();
  return (
    <>
      {paused ? (
        <RunCommand
          executionId={executionId}
          command="resume"
          label={t.form.resume}
          failed={t.form.resume_failed}
          icon={<Play size={12} aria-hidden />}
          color="ink"
        />
      ) : (
        <RunCommand
          executionId={executionId}
          command="pause"
          label={t.form.pause}
          failed={t.form.pause_failed}
          icon={<Pause size={12} aria-hidden />}
          color="gray"
        />
      )}
      <RunCommand
        executionId={executionId}
        command="stop"
        label={t.form.stop}
        failed={t.form.stop_failed}
        icon={<Square size={12} aria-hidden />}
        color="red"
      />
    </>
  );
}

/** Steps back and forth through what has happened. */
function Replay() {
  const { t } = useI18n();
  const store = useLiveRunStore();
  const [open, setOpen] = useState(false);
  const total = useLiveRun((current) => (current.steppable() ? current.latest().last_seq : 0)) ?? 0;
  const position = useLiveRun((current) => current.position()) ?? 0;
  if (store === null || total < 2) {
    return null;
  }
  const close = () => {
    setOpen(false);
    store.seek(null);
  };
  return (
    <>
      <Button
        variant={open ? "light" : "subtle"}
        color="gray"
        size="compact-xs"
        leftSection={<History size={13} aria-hidden />}
        aria-expanded={open}
        onClick={open ? close : () => setOpen(true)}
      >
        {open ? t.run.all_events : t.run.replay}
      </Button>
      {open && (
        <div className={classes.replay}>
          <Slider
            size="sm"
            min={1}
            max={total}
            value={position}
            onChange={(value) => store.seek(value)}
            label={null}
            thumbLabel={t.run.replay}
            style={{ flex: 1 }}
          />
          <Text size="xs" className={classes.numeric}>
            {t.run.event_position(position, total)}
          </Text>
        </div>
      )}
    </>
  );
}

interface RunFailureProps {
  run: AppRun;
  /** Title of a node of the graph, if it is in it. */
  titleOf: (nodeId: string) => string | undefined;
  onShowNode: (nodeId: string) => void;
  advise: (code: string) => string;
}

/** Why the run did not complete: what, where, what to do. */
export function RunFailure({ run, titleOf, onShowNode, advise }: RunFailureProps) {
  const { t } = useI18n();
  const live = useLatestRun();
  const status = live?.status ?? run.status;
  const error = live?.error ?? run.error;
  if (status === "TERMINATED") {
    return (
      <Notice kind="warning" title={t.run.terminated_title} flush>
        {error?.message ?? live?.reason ?? t.run.terminated_text}
      </Notice>
    );
  }
  if (status !== "FAILED" || error === null) {
    return null;
  }
  const nodeId = error.node_id;
  const title = nodeId === undefined ? undefined : titleOf(nodeId);
  return (
    <Notice kind="error" title={t.run.failed_title} flush urgent testId="run-failure">
      <Text size="sm" style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
        {title !== undefined && <b>{`${t.run.at_node} “${title}”: `}</b>}
        {error.message}
      </Text>
      <Text size="sm" mt={4}>
        {advise(error.code)}
      </Text>
      {nodeId !== undefined && title !== undefined && (
        <Button size="compact-xs" variant="light" color="red" mt={8} onClick={() => onShowNode(nodeId)}>
          {t.run.show_node}
        </Button>
      )}
    </Notice>
  );
}
