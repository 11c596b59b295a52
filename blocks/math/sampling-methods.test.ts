import fc from "fast-check";
import { expect, test } from "vitest";
import { sampleIndices, SAMPLING_METHODS } from "./sampling-methods.ts";
import { seededRandom } from "./seeded-random.ts";

test("every method draws exactly the size, within the data, and all but weighted draw nothing twice", () => {
  const records = fc.array(
    fc.record({ group: fc.constantFrom("a", "b", "c"), weight: fc.integer({ min: 1, max: 9 }) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(
      records,
      fc.nat(),
      fc.constantFrom(...SAMPLING_METHODS),
      fc.integer(),
      (data, sizeSeed, method, seed) => {
        const size = sizeSeed % (data.length + 1);
        const keys = { stratifyKey: "group", clusterKey: "group", weightKey: "weight" };
        const draw = () => sampleIndices(method, { data, size, random: seededRandom(seed), ...keys });
        const indices = draw();
        expect(indices).toHaveLength(size);
        expect(indices.every((index) => Number.isInteger(index) && index >= 0 && index < data.length)).toBe(true);
        expect(method === "weighted" || new Set(indices).size === size).toBe(true);
        expect(draw()).toEqual(indices);
      },
    ),
    { seed: 20_261_122, numRuns: 1_000 },
  );
});
