import { expect, it, vi } from "vitest";
import { StartLine } from "./start-line.ts";

const line = (options: Partial<ConstructorParameters<typeof StartLine>[0]> = {}): StartLine =>
  new StartLine({ places: 2, heldMs: 1_000, waiting: 10, waitUntil: () => undefined, ...options });

/** Work that ends when it is told to. */
function works(n: number): {
  begun: number[];
  end: (index: number) => void;
  work: (index: number) => () => Promise<number>;
} {
  const begun: number[] = [];
  const ends = Array.from({ length: n }, () => Promise.withResolvers<void>());
  return {
    begun,
    end: (index) => ends[index]?.resolve(),
    work: (index) => async () => {
      begun.push(index);
      await ends[index]?.promise;
      return index;
    },
  };
}

const settle = (): Promise<void> => new Promise((done) => void setImmediate(done));

it("begins so many side by side and the others in the order in which they came, whether a start fails or not", async () => {
  const kept: Promise<unknown>[] = [];
  const starts = line({ waitUntil: (start) => void kept.push(start) });
  const { begun, end, work } = works(4);
  const failing = starts.through("w", async () => {
    await work(0)();
    throw new Error("no");
  });
  const others = [1, 2, 3].map((index) => starts.through("w", work(index)));
  await settle();
  expect(begun).toEqual([0, 1]);
  end(0);
  await expect(failing).rejects.toThrow("no");
  await settle();
  expect(begun).toEqual([0, 1, 2]);
  end(2);
  await settle();
  expect(begun).toEqual([0, 1, 2, 3]);
  end(1);
  end(3);
  expect(await Promise.all(others)).toEqual([1, 2, 3]);
  // A rejection would be reported as one that nobody has dealt with.
  expect(await Promise.all(kept)).toEqual([undefined, 1, 2, 3]);
});

it("makes room for the next when a start takes long, and only once", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const starts = line({ places: 1 });
    const { begun, end, work } = works(3);
    const all = [0, 1, 2].map((index) => starts.through("w", work(index)));
    await settle();
    expect(begun).toEqual([0]);
    vi.advanceTimersByTime(1_000);
    await settle();
    expect(begun).toEqual([0, 1]);
    end(0);
    await settle();
    expect(begun).toEqual([0, 1]);
    end(1);
    await settle();
    expect(begun).toEqual([0, 1, 2]);
    end(2);
    expect(await Promise.all(all)).toEqual([0, 1, 2]);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it("refuses what would wait behind too many, before anything of it is done", async () => {
  const starts = line({ places: 1, waiting: 1 });
  const { begun, end, work } = works(3);
  const first = starts.through("w", work(0));
  const second = starts.through("w", work(1));
  await expect(starts.through("w", work(2))).rejects.toMatchObject({ status: 503, code: "overloaded", retryAfter: 5 });
  end(0);
  end(1);
  expect(await Promise.all([first, second])).toEqual([0, 1]);
  expect(begun).toEqual([0, 1]);
});

it("lets workspaces take turns, and refuses only the one of which too many wait", async () => {
  const starts = line({ places: 1, waiting: 2 });
  const { begun, end, work } = works(5);
  const all = [0, 1, 2].map((index) => starts.through("busy", work(index)));
  await expect(starts.through("busy", work(3))).rejects.toMatchObject({ status: 503, code: "overloaded" });
  all.push(starts.through("other", work(4)));
  for (const index of [0, 1, 4, 2]) {
    end(index);
    await settle();
  }
  expect(await Promise.all(all)).toEqual([0, 1, 2, 4]);
  expect(begun).toEqual([0, 1, 4, 2]);
});
