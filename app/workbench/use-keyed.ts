import { useState } from "react";

/**
 * The first value seen under a key, for as long as the key stays: loaders bring equal data in new objects, and what hangs on identity
 * (the canvas, the live connection) must not start over for that.
 */
export function useKeyed<T>(key: string, value: T): T {
  const [kept, setKept] = useState({ key, value });
  if (kept.key === key) {
    return kept.value;
  }
  setKept({ key, value });
  return value;
}
