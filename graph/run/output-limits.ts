/** Most outputs of one node execution. */
export const MAX_OUTPUTS = 100_000;

/** Code and message of the failure of a node execution that yields more. */
export const TOO_MANY_OUTPUTS = {
  code: "too_many_outputs",
  message: `A node execution may yield at most ${MAX_OUTPUTS} values. Give a list instead, or a part of the data at a time.`,
} as const;
