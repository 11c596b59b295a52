import { expect, it } from "vitest";
import { dollars } from "./cost.ts";
import { combine, noCounts } from "./counters.ts";

it("prices a million of each as the price lists say", () => {
  const million = {
    ...noCounts(),
    queue_messages: 1e6,
    object_requests: 1e6,
    object_rows_written: 1e6,
    d1_rows_written: 1e6,
    r2_class_a: 1e6,
  };
  const costs = dollars({ ...million, worker_requests: 1e6, object_ms: 1e6 }, 1e6);
  const expected = {
    // Three operations a message.
    queue_operations: 1.2,
    object_requests: 0.15,
    object_rows_written: 1,
    d1_rows_written: 1,
    r2_class_a: 4.5,
    worker_requests: 0.3,
    worker_cpu_ms: 0.02,
    // A thousand seconds of 0.128 GB.
    object_gb_seconds: 0.0016,
    r2_class_b: 0,
    object_rows_read: 0,
    d1_rows_read: 0,
  };
  expect(Object.keys(costs).toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [name, cost] of Object.entries(expected)) {
    expect(costs[name], name).toBeCloseTo(cost, 9);
  }
});

it("adds counts up, scaled", () => {
  const sum = combine(
    { ...noCounts(), object_requests: 4 },
    { ...noCounts(), object_requests: 1, queue_messages: 2 },
    0.5,
  );
  expect(sum).toEqual({ ...noCounts(), object_requests: 3, queue_messages: 2 });
});
