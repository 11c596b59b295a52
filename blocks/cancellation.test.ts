import { describe, expect, it, vi } from "vitest";
import { Cancellation } from "./cancellation.ts";

describe("a cancellation", () => {
  it("tells everybody once, with the first reason", async () => {
    const cancellation = new Cancellation();
    const told = vi.fn<() => void>();
    cancellation.onCancel(told);
    const rejection = cancellation.rejection;
    cancellation.cancel("first");
    cancellation.cancel("second");
    expect(told).toHaveBeenCalledTimes(1);
    expect(cancellation.cancelled).toBe(true);
    expect(cancellation.reason).toBe("first");
    await expect(rejection).rejects.toBe("first");
    expect(() => cancellation.throwIfCancelled()).toThrow("first");
  });

  it("does not tell those who called it off", () => {
    const cancellation = new Cancellation();
    const told = vi.fn<() => void>();
    cancellation.onCancel(told)();
    cancellation.cancel("stop");
    expect(told).not.toHaveBeenCalled();
  });

  it("tells late comers at once", async () => {
    const cancellation = new Cancellation();
    cancellation.cancel("stop");
    const told = vi.fn<() => void>();
    cancellation.onCancel(told);
    expect(told).toHaveBeenCalledTimes(1);
    await expect(cancellation.rejection).rejects.toBe("stop");
    expect(cancellation.signal.aborted).toBe(true);
    expect(cancellation.signal.reason).toBe("stop");
  });

  it("has a signal for those who ask before, and follows one that it was made of", () => {
    const controller = new AbortController();
    const cancellation = Cancellation.of(controller.signal);
    const { signal } = cancellation;
    expect(signal.aborted).toBe(false);
    controller.abort("stop");
    expect(cancellation.reason).toBe("stop");
    expect(signal.reason).toBe("stop");
    expect(Cancellation.of(AbortSignal.abort("long ago")).reason).toBe("long ago");
  });

  it("gives what work comes to, or its reason when that is sooner", async () => {
    const cancellation = new Cancellation();
    await expect(cancellation.orCancelled(Promise.resolve(1))).resolves.toBe(1);
    await expect(cancellation.orCancelled(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    const endless = new Promise<never>(() => {});
    const waiting = cancellation.orCancelled(endless);
    cancellation.cancel("stop");
    await expect(waiting).rejects.toBe("stop");
    await expect(cancellation.orCancelled(endless)).rejects.toBe("stop");
  });

  it("goes on telling the others when it is cancelled while it tells", () => {
    const cancellation = new Cancellation();
    const told = vi.fn<() => void>();
    cancellation.onCancel(() => cancellation.cancel("again"));
    cancellation.onCancel(told);
    cancellation.cancel("stop");
    expect(told).toHaveBeenCalledTimes(1);
    expect(cancellation.reason).toBe("stop");
  });
});
