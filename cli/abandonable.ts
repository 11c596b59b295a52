/** Does `work` once when `signal` aborts. `settle` forgets it, or waits for it when it has begun; its errors are for nobody. */
export function abandonable(signal: AbortSignal, work: () => Promise<unknown>): { settle(): Promise<void> } {
  let running: Promise<unknown> | undefined;
  const begin = (): void => {
    running = work().catch(() => undefined);
  };
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return {
    async settle() {
      signal.removeEventListener("abort", begin);
      await running;
    },
  };
}
