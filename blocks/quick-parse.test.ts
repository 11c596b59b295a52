import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { anyValue, dictionary, list } from "./pin-types.ts";
import { quickParse, quicklyFits } from "./quick-parse.ts";
import { blockRegistry } from "./registry.ts";

const seed = Number(process.env["WEFT_SEED"] ?? 20_261_123);

const FIELDS: Record<string, z.ZodType> = {
  text: z.string(),
  short: z.string().max(3),
  trimmed: z.string().trim(),
  mail: z.email(),
  number: z.number(),
  whole: z.int(),
  positive: z.number().positive(),
  flag: z.boolean(),
  choice: z.enum(["a", "b"]),
  anything: anyValue(),
  list: list(),
  dictionary: dictionary(),
  elements: z.array(z.string()),
  either: z.union([z.string(), z.number()]),
  maybe: z.string().nullable(),
  optional: z.number().optional(),
  defaulted: z.string().default("x"),
  defaultedList: z.array(z.number()).default([1]),
  refined: z.string().refine((value) => value !== "no"),
  converted: z.string().transform((value) => value.length),
  coerced: z.coerce.number(),
  nested: z.object({ a: z.number() }),
  caught: z.number().catch(1),
  unknown: z.unknown(),
};

describe(`quick parsing (WEFT_SEED=${seed})`, () => {
  it("gives what zod gives, or leaves it to zod", () => {
    let quick = 0;
    const names = fc.uniqueArray(fc.constantFrom(...Object.keys(FIELDS)), { minLength: 1, maxLength: 4 });
    const value = fc.oneof(
      fc.constantFrom(undefined, null, "", "a", "no", 0, 1.5, -0, Number.NaN, true, [], [1], {}, { a: 1 }, "a@b.cd"),
      fc.jsonValue({ maxDepth: 2 }),
    );
    fc.assert(
      fc.property(names, fc.array(value, { minLength: 5, maxLength: 5 }), (chosen, values) => {
        const schema = z.object(Object.fromEntries(chosen.map((name) => [name, FIELDS[name] ?? z.never()])));
        const input: Record<string, unknown> = { more: 1 };
        chosen.forEach((name, index) => {
          if (values[index] !== undefined) {
            input[name] = values[index];
          }
        });
        const parsed = quickParse(schema, input);
        if (parsed !== undefined) {
          quick += 1;
          expect(schema.safeParse(input)).toEqual({ success: true, data: parsed });
        }
        for (const name of chosen) {
          const field = FIELDS[name] ?? z.never();
          if (quicklyFits(field, input[name])) {
            expect(field.safeParse(input[name])).toEqual({ success: true, data: input[name] });
          }
        }
      }),
      { seed, numRuns: 20_000 },
    );
    expect(quick).toBeGreaterThan(500);
  });

  it("agrees with zod on every block's examples", () => {
    let quick = 0;
    for (const { descriptor, input: schema, examples } of blockRegistry.list()) {
      for (const { input } of examples) {
        const parsed = quickParse(schema, input);
        if (parsed !== undefined) {
          quick += 1;
          expect(schema.safeParse(input), descriptor.name).toEqual({ success: true, data: parsed });
        }
      }
    }
    expect(quick).toBeGreaterThan(50);
  });

  it("gives a default of its own each time", () => {
    const schema = z.object({ values: list().default([]) });
    const [first, second] = [quickParse(schema, {}), quickParse(schema, {})];
    expect(first).toEqual({ values: [] });
    expect(first?.["values"]).not.toBe(second?.["values"]);
  });
});
