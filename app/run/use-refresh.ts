import { useEffect, useRef } from "react";
import { useRevalidator } from "react-router";

const BUSY_MS = 2_000;
const IDLE_MS = 6_000;

/** Loads the page's data again every few seconds while the page is visible: often while something runs, seldom otherwise. */
export function useRefresh(busy: boolean): void {
  const { revalidate, state } = useRevalidator();
  const idle = useRef(true);
  useEffect(() => {
    idle.current = state === "idle";
  }, [state]);
  useEffect(() => {
    const refresh = () => {
      if (document.visibilityState === "visible" && idle.current) {
        void revalidate();
      }
    };
    const timer = setInterval(refresh, busy ? BUSY_MS : IDLE_MS);
    document.addEventListener("visibilitychange", refresh);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", refresh);
    };
  }, [busy, revalidate]);
}
