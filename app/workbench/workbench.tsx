import { Tabs, Text } from "@mantine/core";
import { lazy, type RefObject, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate, useRevalidator } from "react-router";
import { isTerminal } from "#graph/run/status.ts";
import type { ViewLink } from "#graph/run/run-view.ts";
import type { AppRun } from "#worker/contracts/app-context.ts";
import { Notice } from "#app/components/notice.tsx";
import { useInBrowser } from "#app/components/local-time.tsx";
import type { Drawing } from "#app/graph-view/drawing.ts";
import { useI18n } from "#app/i18n/i18n.tsx";
import { type ReviewChoice, ReviewsPanel } from "#app/reviews/reviews-panel.tsx";
import { LiveRunProvider, useLiveRun } from "#app/run/live-run.tsx";
import { RunTable } from "#app/run/run-table.tsx";
import { UnusualNotice } from "#app/run/unusual-mark.tsx";
import { unusualRun } from "#app/run/unusual-run.ts";
import { adviceFor } from "./advice.ts";
import { AgentHeader } from "./agent-header.tsx";
import { InputsPanel } from "./inputs-panel.tsx";
import { NodePanel } from "./node-panel.tsx";
import { OutputsPanel } from "./outputs-panel.tsx";
import { Problems } from "./problems.tsx";
import { RunBar, RunFailure } from "./run-bar.tsx";
import { useKeyed } from "./use-keyed.ts";
import { useStartRun } from "./use-start-run.ts";
import classes from "./workbench.module.css";
import type { WorkbenchAgent, WorkbenchData } from "./workbench-data.ts";

const GraphCanvas = lazy(() => import("#app/graph-view/graph-canvas.client.tsx"));

const TABS = ["inputs", "outputs", "node", "history"] as const;
type Tab = (typeof TABS)[number];

interface WorkbenchProps {
  data: WorkbenchData;
  /** Address of this page with another run. */
  runPath: (executionId: string) => string;
}

/** One agent: its graph, its inputs, and a run of it as it happens or happened. */
export function Workbench({ data, runPath }: WorkbenchProps) {
  const { run, reviews, history, estimate } = data;
  const agent = useKeyed(data.agent === null ? "" : `${data.agent.id}@${data.agent.version}`, data.agent);
  const links = useMemo(() => (agent === null ? [] : toViewLinks(agent.drawing)), [agent]);
  return (
    <LiveRunProvider executionId={run?.id ?? null} loadedSeq={run?.last_seq ?? 0} links={links}>
      <Page {...{ agent, run, reviews, history, estimate, runPath }} />
    </LiveRunProvider>
  );
}

function toViewLinks(drawing: Drawing): ViewLink[] {
  return drawing.links.map((link) => ({
    id: link.id,
    source_id: link.source,
    source_name: link.source_pin,
    sink_id: link.sink,
    sink_name: link.sink_pin,
  }));
}

function Page({ agent, run, reviews, history, estimate, runPath }: WorkbenchData & Pick<WorkbenchProps, "runPath">) {
  const selection = useSelection(run);
  const { selected, showNode, select, tab, setTab, showOutputs, focus } = selection;
  const [review, setReview] = useState<ReviewChoice | null>(null);
  const { t } = useI18n();
  const titleOf = useTitles(agent);
  const onStarted = useShowRun(runPath, showOutputs);
  const bar = useRef<HTMLDivElement>(null);
  const onRerun = useFocusAtRerun(run?.id ?? null, bar, onStarted);
  const unusual = run === null ? null : unusualRun(run.id, estimate);
  useReloadAtEnd(run);
  return (
    <div className={classes.workbench}>
      <div className={classes.stage}>
        {agent === null ? <AgentGone run={run} /> : <AgentHeader agent={agent} linked={run !== null} />}
        {run !== null && <RunBar run={run} onRerun={onRerun} bar={bar} />}
        {run !== null && (
          <ReviewsPanel
            key={run.id}
            executionId={run.id}
            loaded={reviews}
            titleOf={titleOf}
            onShowNode={showNode}
            chosen={review?.executionId === run.id ? review : null}
            onChoose={(reviewId) => setReview({ executionId: run.id, reviewId, focus: false })}
          />
        )}
        <div className={classes.notices}>
          {run !== null && (
            <RunFailure
              key={run.id}
              run={run}
              titleOf={titleOf}
              onShowNode={showNode}
              advise={(code) => adviceFor(code, t)}
            />
          )}
          {unusual !== null && <UnusualNotice run={unusual} />}
          {agent !== null && <Problems problems={agent.problems} titleOf={titleOf} onShowNode={showNode} />}
        </div>
        {agent !== null && <Canvas drawing={agent.drawing} selected={selected} onSelect={select} focus={focus} />}
      </div>
      <aside className={classes.panel} aria-label={t.tabs.panel}>
        <Panel
          {...{ agent, run, history, estimate, selected, select, showNode, tab, setTab, onStarted, onRerun }}
          decide={(reviewId) => setReview({ executionId: run?.id ?? "", reviewId, focus: true })}
        />
      </aside>
    </div>
  );
}

interface PanelProps extends Omit<WorkbenchData, "reviews"> {
  selected: string | null;
  select: (nodeId: string | null) => void;
  showNode: (nodeId: string) => void;
  tab: Tab;
  setTab: (tab: Tab) => void;
  onStarted: (executionId: string) => void;
  onRerun: (executionId: string) => void;
  decide: (reviewId: string) => void;
}

function Panel(props: PanelProps) {
  const { agent, run, history, estimate, selected, select, showNode, tab, setTab, onStarted, onRerun, decide } = props;
  const { t } = useI18n();
  const start = useStartRun(agent, onStarted);
  const node = agent?.drawing.nodes.find(({ id }) => id === selected);
  const problems = agent?.problems.filter(({ node_id }) => node_id === selected) ?? [];
  return (
    <Tabs
      value={tab}
      onChange={(value) => setTab(TABS.find((name) => name === value) ?? "inputs")}
      className={classes.tabs}
    >
      <Tabs.List grow>
        {TABS.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {t.tabs[name]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="inputs" className={classes.tabPanel}>
        {agent === null ? <Quiet text={t.agent.deleted_text} /> : <InputsPanel {...{ agent, run, estimate, start }} />}
      </Tabs.Panel>
      <Tabs.Panel value="outputs" className={classes.tabPanel}>
        <OutputsPanel run={run} drawing={agent?.drawing ?? null} onShowNode={showNode} />
      </Tabs.Panel>
      <Tabs.Panel value="node" className={classes.tabPanel}>
        {node === undefined ? (
          <Quiet text={t.node.choose} />
        ) : (
          <NodePanel
            node={node}
            problems={problems}
            executionId={run?.id ?? null}
            onClose={() => select(null)}
            onDecide={decide}
            onRerun={onRerun}
          />
        )}
      </Tabs.Panel>
      <Tabs.Panel value="history" className={classes.tabPanel}>
        {history.length === 0 ? (
          <Quiet text={t.runs.empty_text} />
        ) : (
          <RunTable runs={history} estimate={estimate} showAgent={false} compact />
        )}
      </Tabs.Panel>
    </Tabs>
  );
}

function Canvas(props: {
  drawing: Drawing;
  selected: string | null;
  onSelect: (id: string | null) => void;
  focus: number;
}) {
  const { t } = useI18n();
  const inBrowser = useInBrowser();
  const waiting = <div className={classes.canvasWaiting}>{t.agent.layout_busy}</div>;
  if (props.drawing.nodes.length === 0) {
    return <div className={classes.canvasWaiting}>{t.agent.no_nodes}</div>;
  }
  return (
    <section className={classes.canvas} aria-label={t.agent.canvas}>
      {inBrowser ? (
        <Suspense fallback={waiting}>
          <GraphCanvas {...props} />
        </Suspense>
      ) : (
        waiting
      )}
    </section>
  );
}

function AgentGone({ run }: { run: AppRun | null }) {
  const { t } = useI18n();
  return (
    <Notice kind="warning" title={t.agent.deleted} flush>
      {run !== null && <b>{run.graph_name}. </b>}
      {t.agent.deleted_text}
    </Notice>
  );
}

function Quiet({ text }: { text: string }) {
  return (
    <Text size="sm" c="var(--text-quiet)">
      {text}
    </Text>
  );
}

/** What this tab of the browser looks at. Never saved, never part of the graph. */
function useSelection(run: AppRun | null) {
  const [selected, setSelected] = useState<string | null>(null);
  const [tab, setTab] = useState<Tab>(run === null ? "inputs" : "outputs");
  const [focus, setFocus] = useState(0);
  const select = useCallback((nodeId: string | null) => {
    setSelected(nodeId);
    if (nodeId !== null) {
      setTab("node");
    }
  }, []);
  const showNode = useCallback(
    (nodeId: string) => {
      select(nodeId);
      setFocus((count) => count + 1);
    },
    [select],
  );
  /** Leads on from the inputs; who has opened something else meanwhile stays there. */
  const showOutputs = useCallback(() => setTab((current) => (current === "inputs" ? "outputs" : current)), []);
  return { selected, select, showNode, tab, setTab, showOutputs, focus };
}

function useShowRun(runPath: WorkbenchProps["runPath"], showOutputs: () => void): (executionId: string) => void {
  const navigate = useNavigate();
  return useCallback(
    (executionId: string) => {
      showOutputs();
      void navigate(runPath(executionId), { preventScrollReset: true });
    },
    [navigate, runPath, showOutputs],
  );
}

/** The keyboard goes on at the new run: the button that started it belongs to the old one and is gone. */
function useFocusAtRerun(
  shown: string | null,
  bar: RefObject<HTMLElement | null>,
  onStarted: (executionId: string) => void,
): (executionId: string) => void {
  const [awaited, setAwaited] = useState<string | null>(null);
  const isThere = shown !== null && shown === awaited;
  useEffect(() => {
    if (isThere) {
      bar.current?.focus();
    }
  }, [isThere, bar]);
  return useCallback(
    (executionId: string) => {
      setAwaited(executionId);
      onStarted(executionId);
    },
    [onStarted],
  );
}

function useTitles(agent: WorkbenchAgent | null): (nodeId: string) => string | undefined {
  return useMemo(() => {
    const titles = new Map(
      agent?.drawing.nodes.map(({ id, title, missing, block_id }) => [id, missing ? block_id : title]),
    );
    return (nodeId: string) => titles.get(nodeId);
  }, [agent]);
}

/** The history and the loaded run are old once the run has ended. */
function useReloadAtEnd(run: AppRun | null): void {
  const { revalidate } = useRevalidator();
  const ended = useLiveRun((store) => isTerminal(store.latest().status)) === true;
  const loadedEnded = run === null || isTerminal(run.status);
  useEffect(() => {
    if (ended && !loadedEnded) {
      void revalidate();
    }
  }, [ended, loadedEnded, revalidate]);
}
