import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { AppEstimate, AppServices } from "#worker/contracts/app-context.ts";
import { loadEstimate } from "./load-estimate.server.ts";

const known = { sample_size: 3 } as AppEstimate;
const services = (estimate: () => Promise<AppEstimate>) => ({ graphs: { estimate } }) as unknown as AppServices;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("is there when it comes in time, and leaves no timer behind", async () => {
  expect(
    await loadEstimate(
      services(async () => known),
      "g",
    ),
  ).toBe(known);
  expect(vi.getTimerCount()).toBe(0);
});

it("is done without when the workspace refuses, fails or does not answer", async () => {
  const refused = () => Promise.reject(new Error("overloaded"));
  expect(await loadEstimate(services(refused), "g")).toBeNull();
  const silent = loadEstimate(
    services(() => new Promise(() => undefined)),
    "g",
  );
  await vi.advanceTimersToNextTimerAsync();
  expect(await silent).toBeNull();
});
