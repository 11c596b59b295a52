import * as z from "zod";

/** The pin that only starts a block. */
export function triggerPin() {
  return z.string().meta({ description: "Any value: its arrival starts the block." });
}
