import { describe, expect, it } from "vitest";
import { LogSketch } from "./log-sketch.ts";
import { seededRandom } from "./workload.testkit.ts";

describe("a sketch", () => {
  it("[WP1] gives quantiles within 5 %, over many magnitudes", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = seededRandom(seed);
      const values = Array.from({ length: 3_000 }, () => 10 ** (random() * 12 - 3)).toSorted((a, b) => a - b);
      const sketch = new LogSketch();
      for (const value of values) {
        sketch.add(value);
      }
      for (const q of [0.01, 0.5, 0.9, 0.99, 1]) {
        const exact = values[Math.ceil(q * values.length) - 1] ?? 0;
        expect(Math.abs(sketch.quantile(q) / exact - 1), `seed ${seed}, q ${q}`).toBeLessThan(0.05);
      }
    }
  });

  it("[WP1] forgets: after a change the last few thousand count", () => {
    const sketch = new LogSketch();
    for (let index = 0; index < 100_000; index += 1) {
      sketch.add(10);
    }
    for (let index = 0; index < 5_000; index += 1) {
      sketch.add(1_000);
    }
    expect(sketch.quantile(0.5)).toBeGreaterThan(950);
    expect(sketch.weight).toBeLessThanOrEqual(4_096);
    expect(sketch.toData().length).toBeLessThanOrEqual(2);
  });

  it("adds up, and comes back as it was stored", () => {
    const [a, b, both] = [new LogSketch(), new LogSketch(), new LogSketch()];
    for (let value = 1; value <= 200; value += 1) {
      (value % 2 === 0 ? a : b).add(value);
      both.add(value);
    }
    const merged = new LogSketch(JSON.parse(JSON.stringify(a.toData()))).merge(b);
    expect(merged.toData()).toEqual(both.toData());
    expect(merged.mean()).toBeGreaterThan(97);
    expect(merged.mean()).toBeLessThan(104);
  });

  it("counts zero and what is below it as zero, and nothing that is no number", () => {
    const sketch = new LogSketch();
    expect(sketch.quantile(0.5)).toBe(0);
    for (const value of [0, -5, Number.NaN, Number.POSITIVE_INFINITY]) {
      sketch.add(value);
    }
    expect([sketch.weight, sketch.quantile(1), sketch.mean()]).toEqual([2, 0, 0]);
  });
});
