import * as z from "zod";
import { BlockError, defineBlock } from "../define-block.ts";

const OPERATIONS = {
  Add: (a: number, b: number) => a + b,
  Subtract: (a: number, b: number) => a - b,
  Multiply: (a: number, b: number) => a * b,
  Divide: (a: number, b: number) => a / b,
  Power: (a: number, b: number) => a ** b,
};

export default defineBlock({
  id: "b1ab9b19-67a6-406d-abf5-2dba76d00c79",
  name: "CalculatorBlock",
  description: "Calculates with two numbers.",
  categories: ["LOGIC"],
  effects: "pure",
  input: z.object({
    operation: z
      .enum(["Add", "Subtract", "Multiply", "Divide", "Power"])
      .meta({ description: "What to do with them." }),
    a: z.number().meta({ description: "The first number." }),
    b: z.number().meta({ description: "The second number." }),
    round_result: z.boolean().default(false).meta({ description: "Round to a whole number, halves to the even one." }),
  }),
  output: z.object({ result: z.number().meta({ description: "The result." }) }),
  examples: [
    { name: "a sum", input: { operation: "Add", a: 2, b: 0.5 }, expect: [["result", 2.5]] },
    { name: "texts with numbers", input: { operation: "Multiply", a: "6", b: "7" }, expect: [["result", 42]] },
    { name: "rounded", input: { operation: "Divide", a: 7, b: 2, round_result: true }, expect: [["result", 4]] },
    {
      name: "a half goes to the even number",
      input: { operation: "Divide", a: 5, b: 2, round_result: true },
      expect: [["result", 2]],
    },
    { name: "a power", input: { operation: "Power", a: 2, b: -1 }, expect: [["result", 0.5]] },
    { name: "division by zero (decision 0004 f)", input: { operation: "Divide", a: 1, b: 0 }, expectError: "zero" },
    { name: "too large a number", input: { operation: "Power", a: 10, b: 400 }, expectError: "too large" },
    { name: "no real number", input: { operation: "Power", a: -1, b: 0.5 }, expectError: "no real number" },
  ],
  async *run({ input: { operation, a, b, round_result } }) {
    if ((operation === "Divide" && b === 0) || (operation === "Power" && a === 0 && b < 0)) {
      throw new BlockError("division_by_zero", `${a} cannot be divided by zero.`);
    }
    const result = OPERATIONS[operation](a, b);
    if (!Number.isFinite(result)) {
      throw new BlockError(
        "not_a_number",
        Number.isNaN(result)
          ? `${operation} of ${a} and ${b} is no real number.`
          : `${operation} of ${a} and ${b} is too large.`,
      );
    }
    yield ["result", round_result ? roundHalfToEven(result) : result];
  },
});

/** As Python's `round`. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(value);
}
