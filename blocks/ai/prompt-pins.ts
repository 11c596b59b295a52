import * as z from "zod";
import { textsPin } from "#blocks/net/texts-pin.ts";
import { DEFAULT_OLLAMA_HOST } from "./choose-model-client.ts";

const DEFAULT_MODEL = "gpt-4o";

/** The pins that all blocks on language models share (autogpt.md §6.2). */
export const promptPins = {
  model: z.string().default(DEFAULT_MODEL).meta({
    title: "Model",
    description:
      "Name of the model, as its provider calls it. claude… goes to Anthropic, ollama/… to Ollama, everything else to OpenAI or OPENAI_BASE_URL.",
    advanced: false,
  }),
  credentials: z.unknown().optional().meta({
    title: "Credentials",
    description: "Kept for agents from elsewhere. Without effect: the deployment's keys are used.",
    advanced: true,
    hidden: true,
  }),
  sys_prompt: z
    .string()
    .default("")
    .meta({ title: "System prompt", description: "What the model should be and do in general." }),
  prompt_values: textsPin().default({}).meta({ description: "Values for the {{names}} in the prompts." }),
  max_tokens: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .meta({ description: "Most tokens to generate. Empty: the provider's limit.", advanced: true }),
  ollama_host: z.string().default(DEFAULT_OLLAMA_HOST).meta({
    description:
      "Host and port of the Ollama server, for models that run there. The deployment must allow it with WEFT_EGRESS_ALLOW.",
    advanced: true,
  }),
};

/** How often to ask when the answer is of no use. */
export function retryPin() {
  return z
    .int()
    .min(1)
    .max(20)
    .default(3)
    .meta({ description: "How many times to ask before giving up on answers that cannot be used." });
}

export const promptOutput = z
  .array(z.object({ role: z.string(), content: z.string() }))
  .meta({ description: "The messages that were sent to the model." });
