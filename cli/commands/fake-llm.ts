import { type Command, EXIT } from "../command.ts";
import { runFakeLlm } from "../fake-llm.ts";

export const fakeLlmCommand: Command = {
  name: "fake-llm",
  usage: "[--port N] [--host ADDRESS]",
  summary: "serve a stand-in for OpenAI and Anthropic, to try AI agents without a key",
  async run(argv, io) {
    const code = await runFakeLlm(argv, { write: (text) => io.out(text), signal: io.signal });
    return code === 0 || code === EXIT.usage ? code : EXIT.failed;
  },
};
