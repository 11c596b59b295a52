import { useEffect, useRef } from "react";
import { useRevalidator } from "react-router";
import { nextDelay } from "./refresh-pace.ts";

/**
 * Loads the page's data again from time to time while the page is visible: often while something runs and changes, ever more seldom while
 * all stays as it is, as with runs that wait for days. `state` is what the page shows: any other text is a change.
 */
export function useRefresh(busy: boolean, state: string): void {
  const { revalidate, state: loading } = useRevalidator();
  const idle = useRef(true);
  useEffect(() => {
    idle.current = loading === "idle";
  }, [loading]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let delay = nextDelay(null, busy);
    const refresh = () => {
      if (document.visibilityState === "visible" && idle.current) {
        void revalidate();
      }
    };
    const wait = () => {
      timer = setTimeout(() => {
        refresh();
        delay = nextDelay(delay, busy);
        wait();
      }, delay);
    };
    const startOver = () => {
      clearTimeout(timer);
      delay = nextDelay(null, busy);
      refresh();
      wait();
    };
    wait();
    document.addEventListener("visibilitychange", startOver);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", startOver);
    };
  }, [busy, revalidate, state]);
}
