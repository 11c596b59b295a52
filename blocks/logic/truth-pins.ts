import * as z from "zod";
import { anyValue } from "../pin-types.ts";

/** Outputs of the blocks that send a value on one of two ways. */
export const TRUTH_OUTPUT = z.object({
  result: z.boolean().meta({ description: "Whether it holds." }),
  yes_output: anyValue().meta({ description: "The value to go on with, when it holds." }),
  no_output: anyValue().meta({ description: "The value to go on with, when it does not." }),
});

/** Inputs that replace what the two ways send by default. */
export const TRUTH_VALUES = {
  yes_value: anyValue().default(null).meta({ description: "What to send when it holds.", advanced: false }),
  no_value: anyValue().default(null).meta({ description: "What to send when it does not.", advanced: false }),
};
