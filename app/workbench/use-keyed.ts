import { useRef } from "react";

/**
 * The first value seen under a key, for as long as the key stays: loaders bring equal data in new objects, and what hangs on identity
 * (the canvas, the live connection) must not start over for that.
 */
export function useKeyed<T>(key: string, value: T): T {
  const kept = useRef({ key, value });
  if (kept.current.key !== key) {
    kept.current = { key, value };
  }
  return kept.current.value;
}
