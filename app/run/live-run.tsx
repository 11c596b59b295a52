import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import type { NodeRunView, RunView, ViewLink } from "#graph/run/run-view.ts";
import type { AppReview } from "#worker/contracts/app-context.ts";
import { type ConnectionState, EventConnection } from "./event-connection.ts";
import { LiveRunStore } from "./live-run-store.ts";

interface LiveRun {
  store: LiveRunStore;
  connection: EventConnection;
}

interface FollowedRun extends LiveRun {
  /** Newest event that the page was loaded with: until the stream has come as far, what was loaded is the newer state. */
  loadedSeq: number;
}

const LiveRunContext = createContext<FollowedRun | null>(null);

interface LiveRunProviderProps {
  /** Null while no run is shown. */
  executionId: string | null;
  loadedSeq: number;
  links: readonly ViewLink[];
  children: ReactNode;
}

/** Follows a run by its event stream, from its first event on, for everything below. */
export function LiveRunProvider({ executionId, loadedSeq, links, children }: LiveRunProviderProps) {
  const live = useMemo(() => (executionId === null ? null : createLiveRun(executionId, links)), [executionId, links]);
  useEffect(() => {
    if (live === null) {
      return undefined;
    }
    const { connection } = live;
    const retryNow = () => connection.retryNow();
    const retryWhenSeen = () => {
      if (isSeen()) {
        connection.retryNow();
      }
    };
    connection.open();
    window.addEventListener("online", retryNow);
    document.addEventListener("visibilitychange", retryWhenSeen);
    return () => {
      document.removeEventListener("visibilitychange", retryWhenSeen);
      window.removeEventListener("online", retryNow);
      connection.close();
    };
  }, [live]);
  const followed = useMemo(() => (live === null ? null : { ...live, loadedSeq }), [live, loadedSeq]);
  return <LiveRunContext value={followed}>{children}</LiveRunContext>;
}

/** Does nothing until its connection is opened, so it may be made while rendering, on the server too. */
function createLiveRun(executionId: string, links: readonly ViewLink[]): LiveRun {
  const store = new LiveRunStore({ links, schedule: scheduleFrame });
  const connection = new EventConnection({
    after: 0,
    connect: (after) => new WebSocket(liveUrl(executionId, after)),
    mayRetry: () => mayRetry(executionId),
    onEvent: (event) => store.push(event),
    onState: (state) => store.setConnection(state),
    now: () => Date.now(),
    random: () => Math.random(),
    wanted: isSeen,
  });
  return { store, connection };
}

function isSeen(): boolean {
  return document.visibilityState === "visible";
}

function liveUrl(executionId: string, after: number): string {
  const url = new URL(
    `/api/v1/executions/${encodeURIComponent(executionId)}/live?after=${after}`,
    window.location.href,
  );
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** A browser does not say why a handshake failed; the same question over HTTP does. */
async function mayRetry(executionId: string): Promise<boolean> {
  try {
    const response = await fetch(`/api/v1/executions/${encodeURIComponent(executionId)}/events?after=0&limit=1`, {
      headers: { Accept: "application/json" },
    });
    return response.ok || response.status === 429 || response.status >= 500;
  } catch {
    return true;
  }
}

/** A hidden page gets no frames; it still has to take in what comes. */
function scheduleFrame(flush: () => void): void {
  if (isSeen()) {
    requestAnimationFrame(flush);
  } else {
    setTimeout(flush, 250);
  }
}

const subscribeToNothing = () => () => undefined;

/** What `select` picks of the run shown; undefined while none is. The component renders again when the pick is another object. */
export function useLiveRun<T>(select: (store: LiveRunStore, loadedSeq: number) => T): T | undefined {
  const live = useContext(LiveRunContext);
  const store = live?.store;
  const read = () => (store === undefined ? undefined : select(store, live?.loadedSeq ?? 0));
  return useSyncExternalStore(store?.subscribe ?? subscribeToNothing, read, () => undefined);
}

/** What is shown of the run: its newest state, or an earlier one while somebody steps through it. Undefined until the stream has caught up. */
export function useRunView(): RunView | undefined {
  return useLiveRun((store, loadedSeq) => (hasCaughtUp(store, loadedSeq) ? store.view() : undefined));
}

/** The run's newest state, whatever is shown; undefined until the stream has caught up with what was loaded. */
export function useLatestRun(): RunView | undefined {
  return useLiveRun((store, loadedSeq) => (hasCaughtUp(store, loadedSeq) ? store.latest() : undefined));
}

function hasCaughtUp(store: LiveRunStore, loadedSeq: number): boolean {
  return store.latest().last_seq >= Math.max(1, loadedSeq);
}

export function useNodeActivity(nodeId: string): NodeRunView | undefined {
  return useLiveRun((store) => store.view().nodes.get(nodeId));
}

/** What people are asked for: as the live events tell it, and until they have come, as it was loaded. */
export function usePendingReviews(loaded: readonly AppReview[]): readonly AppReview[] {
  return useLiveRun((store, loadedSeq) => (hasCaughtUp(store, loadedSeq) ? store.reviews() : null)) ?? loaded;
}

/** How many values a link has carried; undefined while no run is shown. */
export function useLinkCount(linkId: string): number | undefined {
  return useLiveRun((store) => store.view().edges.get(linkId)?.count ?? 0);
}

const IDLE: ConnectionState = { kind: "idle" };

export function useConnection(): { state: ConnectionState; retryNow: () => void } {
  const live = useContext(LiveRunContext);
  const state = useLiveRun((store) => store.connection()) ?? IDLE;
  return useMemo(() => ({ state, retryNow: () => live?.connection.retryNow() }), [state, live]);
}

/** The store itself, for stepping through a run. */
export function useLiveRunStore(): LiveRunStore | null {
  return useContext(LiveRunContext)?.store ?? null;
}
