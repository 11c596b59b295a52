import * as z from "zod";

/** The pins that every input and output block has besides its value. */
export const AGENT_IO_PINS = {
  name: z
    .string()
    .min(1, "must not be empty")
    .meta({ description: "Name of the agent's input or output.", format: "short-text" }),
  title: z
    .string()
    .nullable()
    .default(null)
    .meta({ description: "Title to show instead of the name.", advanced: true }),
  description: z.string().nullable().default(null).meta({ description: "What it is for.", advanced: true }),
  advanced: z.boolean().default(false).meta({ description: "Show it among the advanced settings.", advanced: true }),
};
